// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { HeldElement } from '@sentrypeer/listings';
import { covers, formatPrefix, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { OperatingError, type Clock } from '@sentrypeer/kernel';
import { COMPARE_SHARE, END_TOLERANCE_MS, PART_ENTRIES_MAX } from './limits.ts';
import type { Nft } from './nft.ts';
import {
  counterOf,
  elementsOf,
  isOurs,
  outlineOf,
  rulesOf,
  timedElementsOf,
  type Rules,
} from './nft-listing.ts';
import {
  addText,
  batchText,
  REMOVAL,
  rulesCount,
  sparedText,
  TABLE,
  tableText,
  type Batch,
  type RulesetOptions,
  type TimedElement,
} from './ruleset.ts';
import type { Listing, Refused, Table } from './table.ts';

const NONE_REFUSED: Refused = { packets: 0, octets: 0 };

/**
 * The kernel's table, written and read by nft. For most of what it can list, nft 1.0.6 first reads every element, which
 * takes a second for 100,000. So frequent checks use commands that do not, and the whole table is listed seldom.
 */
export class NftTable implements Table {
  readonly #nft: Nft;
  readonly #clock: Clock;
  readonly #options: RulesetOptions;
  #sets = new Set<string>();
  /** Chains and sets as we left them, with the kernel's handles; anything that is created again has new ones. */
  #outline: string | undefined;
  #spared: string | undefined;
  /** The rules, as of the last listing of the whole table. */
  #rules: Rules | undefined;
  #refused: Refused = NONE_REFUSED;
  /** Increases whenever sets or the whole table are created again. */
  #version = 0;
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #listingTookMs = 0;

  private constructor(nft: Nft, clock: Clock, options: RulesetOptions) {
    this.#nft = nft;
    this.#clock = clock;
    this.#options = options;
  }

  /** Throws `OperatingError` if the kernel denies access, or if a table of that name belongs to somebody else. */
  static async open(
    { nft, clock }: { readonly nft: Nft; readonly clock: Clock },
    options: RulesetOptions,
  ): Promise<NftTable> {
    const tables = await nft.run(['-j', 'list', 'tables']);
    if (!tables.isDone) {
      throw new OperatingError(
        'firewall_not_permitted',
        `nft may not read the firewall (${tables.words}): run as root, or with CAP_NET_ADMIN as the shipped unit does`,
      );
    }
    const there = await nft.run(['-j', '-t', 'list', 'table', ...TABLE.split(' ')]);
    if (there.isDone && !isOurs(there.stdout)) {
      throw new OperatingError(
        'firewall_table_taken',
        `there is a table ${TABLE} that this program did not make, perhaps from /v1/lists/ip-addresses.nft: ` +
          `look at it (nft list table ${TABLE}), then remove it (nft delete table ${TABLE})`,
      );
    }
    return new NftTable(nft, clock, options);
  }

  async load(elements: readonly TimedElement[], spared: readonly Prefix[]): Promise<void> {
    const sets = new Set(['ipv4_32', 'ipv6_64', ...elements.map(({ set }) => set)]);
    await this.#loadWholeOrInParts(elements, spared, [...sets]);
    this.#sets = sets;
    this.#forget();
    this.#outline = await this.#readOutline();
    this.#spared = await this.#readSpared();
  }

  async change(batch: Batch): Promise<void> {
    const named = new Set([...batch.add, ...batch.remove].map(({ set }) => set));
    const newSets = [...named].filter((set) => !this.#sets.has(set));
    await this.#apply(batchText(this.#options, batch, newSets));
    if (newSets.length === 0) return;
    this.#version += 1;
    for (const set of newSets) this.#sets.add(set);
    this.#outline = await this.#readOutline();
    this.#rules = undefined;
    this.#listedAtMs = Number.NEGATIVE_INFINITY;
  }

  async spare(networks: readonly Prefix[]): Promise<void> {
    await this.#apply(sparedText(networks));
    this.#spared = await this.#readSpared();
  }

  async check(held: readonly HeldElement[], nowEpochMs: number): Promise<string | undefined> {
    const outline = await this.#readOutline();
    if (outline === undefined || outline !== this.#outline)
      return 'its chains or sets were changed';
    const spared = await this.#readSpared();
    if (spared === undefined || spared !== this.#spared) return 'what is spared was changed';
    const missing = await this.#probe(held, nowEpochMs);
    if (missing !== undefined) return missing;
    return undefined;
  }

  isListingDue(): boolean {
    const pauseMs = this.#listingTookMs * COMPARE_SHARE;
    return this.#clock.nowMs() - this.#listedAtMs >= pauseMs;
  }

  async list(): Promise<Listing | undefined> {
    const version = this.#version;
    const beganAtMs = this.#clock.nowMs();
    const { isDone, stdout } = await this.#nft.run(['-j', 'list', 'table', ...TABLE.split(' ')]);
    if (!isDone || version !== this.#version) return undefined;
    const rules = rulesOf(stdout);
    const isAsLeft =
      this.#rules === undefined
        ? rules.handles.length === rulesCount(this.#options, this.#sets.size)
        : rules.text === this.#rules.text;
    this.#rules = rules;
    this.#refused = counterOf(stdout);
    const entries = elementsOf(stdout);
    this.#listedAtMs = this.#clock.nowMs();
    this.#listingTookMs = this.#listedAtMs - beganAtMs;
    return { entries, difference: isAsLeft ? undefined : 'its rules were changed' };
  }

  refused(): Refused {
    return this.#refused;
  }

  async remove(): Promise<void> {
    await this.#apply(REMOVAL);
    this.#sets.clear();
    this.#forget();
  }

  /**
   * As one transaction. Within a user namespace (a container without privilege) the kernel does not accept long ones:
   * the rest then follows in parts, and what is not there yet is let through meanwhile.
   */
  async #loadWholeOrInParts(
    elements: readonly TimedElement[],
    spared: readonly Prefix[],
    sets: readonly string[],
  ): Promise<void> {
    const whole = await this.#nft.apply(tableText(this.#options, elements, spared, sets));
    if (whole.isDone) return;
    if (elements.length <= PART_ENTRIES_MAX) throw refusedBy(whole.words);
    const first = elements.slice(0, PART_ENTRIES_MAX);
    await this.#apply(tableText(this.#options, first, spared, sets));
    for (let index = first.length; index < elements.length; index += PART_ENTRIES_MAX) {
      await this.#apply(`${addText(elements.slice(index, index + PART_ENTRIES_MAX))}\n`);
    }
  }

  #forget(): void {
    this.#version += 1;
    this.#outline = undefined;
    this.#spared = undefined;
    this.#rules = undefined;
    this.#refused = NONE_REFUSED;
    this.#listedAtMs = Number.NEGATIVE_INFINITY;
  }

  async #readOutline(): Promise<string | undefined> {
    const { isDone, stdout } = await this.#nft.run([
      '-j',
      '-t',
      `list chains; list sets table ${TABLE}`,
    ]);
    return isDone ? outlineOf(stdout) : undefined;
  }

  async #readSpared(): Promise<string | undefined> {
    let text = '';
    for (const family of ['ipv4', 'ipv6']) {
      // One at a time: nft 1.0.6 lists only the last of several sets.
      const { isDone, stdout } = await this.#nft.run([`list set ${TABLE} spared_${family}`]);
      if (!isDone) return undefined;
      text += stdout;
    }
    return text;
  }

  /**
   * Asks whether all rules, and the element of each set that ends last, could be deleted. Only what exists can be
   * deleted, and nothing is: nft only checks (`-c`).
   */
  async #probe(held: readonly HeldElement[], nowEpochMs: number): Promise<string | undefined> {
    const last = new Map<string, HeldElement>();
    for (const one of held) {
      if ((last.get(one.set)?.endEpochMs ?? nowEpochMs + END_TOLERANCE_MS) < one.endEpochMs)
        last.set(one.set, one);
    }
    const asked = [
      ...(this.#rules?.handles ?? []).map(
        ({ chain, handle }) => `delete rule ${TABLE} ${chain} handle ${handle}`,
      ),
      ...[...last.values()].map(
        ({ set, element }) => `delete element ${TABLE} ${set} { ${element} }`,
      ),
    ];
    if (asked.length === 0) return undefined;
    const { isDone } = await this.#nft.run(['-c', '-f', '-'], `${asked.join('\n')}\n`);
    return isDone ? undefined : 'rules or entries were taken out';
  }

  async #apply(text: string): Promise<void> {
    const { isDone, words } = await this.#nft.apply(text);
    if (!isDone) throw refusedBy(words);
  }
}

function refusedBy(words: string): OperatingError {
  return new OperatingError('firewall_nft_failed', `nft refused a change: ${words}`);
}

/** Entries of the kernel's table that overlap a network, and how long they last. */
export async function setsHolding(
  nft: Nft,
  network: Prefix,
): Promise<{
  readonly held: readonly { readonly network: string; readonly expiresSeconds: number }[];
  readonly trouble: string | undefined;
}> {
  const { isDone, stdout, words } = await nft.run(['-j', 'list', 'table', ...TABLE.split(' ')]);
  // A missing table holds nothing; a lack of permission is worded differently.
  if (!isDone) return { held: [], trouble: words.includes('No such file') ? undefined : words };
  const held = timedElementsOf(stdout).flatMap(({ set, element, expiresSeconds }) => {
    const its = parsePrefix(`${element}/${set.slice(set.indexOf('_') + 1)}`);
    return its !== undefined && (covers(its, network) || covers(network, its))
      ? [{ network: formatPrefix(its), expiresSeconds }]
      : [];
  });
  return { held, trouble: undefined };
}
