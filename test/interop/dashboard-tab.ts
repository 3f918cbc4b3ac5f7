// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { DEADLINE_MS } from '../e2e/daemon-process.ts';

/** The real browser, without a window, and without a sandbox, which containers lack. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A page on which nothing bad has happened so far. */
export class Tab implements AsyncDisposable {
  readonly page: Page;
  readonly origin: string;
  readonly #faults: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    this.origin = origin;
    page.setDefaultTimeout(DEADLINE_MS);
    page.on('pageerror', ({ message }) => this.#faults.push(message));
    page.on('console', (message) => {
      // The browser itself logs failed requests, which occur while the daemon is away.
      if (!message.text().startsWith('Failed to load resource')) this.#faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.#faults.push(request.url());
    });
  }

  /** @param origin The only server that it may ask. */
  static async open(browser: Browser, origin: string): Promise<Tab> {
    const context = await browser.newContext({ timezoneId: 'Asia/Tokyo' });
    return new Tab(await context.newPage(), origin);
  }

  /** @param hash The part after the `#`. @param text Text that shows that the view is there. */
  async show(hash: string, text: string | RegExp): Promise<void> {
    await this.page.goto(`${this.origin}/#${hash}`);
    await this.sees(text);
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page
      .getByText(text)
      .first()
      .waitFor()
      .catch(async (error: unknown) => {
        const shown = await this.page.locator('body').innerText();
        throw new Error(`the page does not show ${String(text)}, but:\n${shown}`, { cause: error });
      });
  }

  /** Accessibility problems. */
  async hurdles(): Promise<readonly string[]> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate<
      readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
    >('axe.run().then(({ violations }) => violations)');
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }

  async isWiderThanItself(): Promise<boolean> {
    return this.page.evaluate<boolean>(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
  }

  /** Fails if something was fetched from elsewhere, was forbidden, or went wrong. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.#faults, []);
  }
}
