// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { X509Certificate } from 'node:crypto';
import { OperatingError } from '@sentrypeer/kernel';
import { HttpPoster } from './http-poster.ts';
import { TokenSource } from './token-source.ts';
import {
  Webhook,
  type SenderFacts,
  type WebhookOptions,
  type WebhookPorts,
  type WebhookReport,
} from './webhook.ts';

/** All endpoints that events are posted to. None waits for another; those with the same credentials share a token. */
export class Webhooks implements AsyncDisposable {
  readonly #webhooks: Webhook[] = [];
  readonly #tokens = new Map<string, TokenSource>();

  private constructor() {}

  /** Throws `OperatingError` if a proxy or an authority cannot be used. */
  static open(
    ports: WebhookPorts,
    options: readonly WebhookOptions[],
    facts: SenderFacts,
  ): Webhooks {
    const all = new Webhooks();
    checkProxies(facts);
    for (const one of options) checkAuthorities(one);
    for (const one of options) {
      all.#webhooks.push(new Webhook(ports, one, facts, all.#tokenSource(ports, one, facts)));
    }
    return all;
  }

  get reports(): readonly WebhookReport[] {
    return this.#webhooks.map(({ report }) => report);
  }

  /** New events were committed. */
  wake(): void {
    for (const webhook of this.#webhooks) webhook.wake();
  }

  /** Delivers what is committed, within a deadline. */
  async close(): Promise<void> {
    await Promise.all(this.#webhooks.map((webhook) => webhook.close()));
    for (const source of this.#tokens.values()) source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tokenSource(
    { clock }: WebhookPorts,
    { oauth2, timeoutMs, authorities }: WebhookOptions,
    { proxies }: SenderFacts,
  ): TokenSource | undefined {
    if (oauth2 === undefined) return undefined;
    const key = JSON.stringify([oauth2, authorities]);
    let source = this.#tokens.get(key);
    if (source === undefined) {
      const poster = new HttpPoster({ connectionsMax: 1, timeoutMs, authorities, proxies });
      source = new TokenSource({ clock, poster }, oauth2);
      this.#tokens.set(key, source);
    }
    return source;
  }
}

/** Throws `OperatingError` if a file of trusted certificates holds none. */
export function checkAuthorities({
  name,
  authorities,
}: Pick<WebhookOptions, 'name' | 'authorities'>): void {
  if (authorities === undefined) return;
  try {
    void new X509Certificate(authorities); // It parses, or throws.
  } catch (cause) {
    throw new OperatingError(
      'webhook_authority',
      `webhook ${name}: the file of trusted certificates holds no certificate in PEM form (text that begins with -----BEGIN CERTIFICATE-----)`,
      { cause },
    );
  }
}

/** Node ignores values that it does not understand. The variable may contain a password, so it is not repeated. */
function checkProxies({ proxies }: SenderFacts): void {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY']) {
    const text = proxies[name.toLowerCase()] ?? proxies[name] ?? '';
    if (text === '' || ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '')) continue;
    throw new OperatingError(
      'webhook_proxy',
      `${name} is not a proxy that webhooks can use: write http://HOST:PORT`,
    );
  }
}
