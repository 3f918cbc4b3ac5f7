// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  contains,
  covers,
  coverWithout,
  findCover,
  formatPrefix,
  networksOf,
  parseIp,
  parsePrefix,
  specialNetworks,
  unicastPart,
  type Cover,
  type Prefix,
} from '@sentrypeer/ip';
import { formatJudgedNumber, type Subject } from '@sentrypeer/event';
import { LATEST_EPOCH_US } from '@sentrypeer/kernel';
import { SCORE_MAX, type Verdict } from './verdict.ts';

/** Something the operator blocked: it is listed, whatever is known about it. */
export interface Block {
  /** An address, or a network. */
  readonly subject: Subject;
  readonly comment: string;
  /** Wall-clock microseconds. */
  readonly createdEpochUs: number;
  /** End of the block; `undefined` if it always holds. */
  readonly untilEpochUs: number | undefined;
  /** Whether an operator blocked it at a hub of the fleet, not here. @default false */
  readonly isOfFleet?: boolean;
}

/** Digits that a range omits. */
const RANGE_DIGITS: readonly number[] = [2, 3, 4];

/**
 * Knows what the operator blocked. Of a blocked network only the unprotected addresses are blocked, so lists name the
 * networks that remain: an allowed address in a blocked network is in none of them.
 */
export class Blocked {
  /** By kind and value, as the operator wrote them. */
  readonly #named = new Map<string, Block>();
  readonly #networks: readonly Cover<Block>[];
  /** What is on lists: disjoint networks, in order. */
  readonly #covers: readonly Cover<Block>[];
  readonly #listed = new Map<string, Block>();
  /** The part of these inside an IPv6 network that evidence may list. */
  readonly #within = new Map<string, { readonly value: string; readonly by: Block }[]>();

  /** @param guards Networks that are never listed, in addition to those of IANA's registries. */
  constructor(blocks: readonly Block[], guards: readonly Prefix[]) {
    const networks: Cover<Block>[] = [];
    for (const block of blocks) {
      this.#named.set(keyOf(block.subject), block);
      if (block.subject.kind !== 'address') this.#listed.set(keyOf(block.subject), block);
      const read = block.subject.kind === 'address' ? parsePrefix(block.subject.value) : undefined;
      const network = read && unicastPart(read);
      if (network !== undefined) networks.push({ prefix: network, by: block });
    }
    this.#networks = networks;
    this.#covers =
      networks.length === 0 ? [] : coverWithout(networks, [...guards, ...specialNetworks()]);
    for (const { prefix, by } of this.#covers) {
      const value = formatPrefix(prefix);
      this.#listed.set(keyOf({ kind: 'address', value }), by);
      for (const { text, length } of networksOf(value) ?? []) {
        if (length < prefix.length) this.#within.getOrInsert(text, []).push({ value, by });
      }
    }
  }

  /** Entries that are separately on lists. */
  subjects(): readonly Subject[] {
    return [...this.#listed].map(([key, { subject }]) => ({
      kind: subject.kind,
      value: key.slice(key.indexOf(' ') + 1),
    }));
  }

  /** The block that lists the subject, unless something protects it. */
  listed(subject: Subject, nowEpochUs: number): Block | undefined {
    return inForce(this.#listed.get(keyOf(subject)), nowEpochUs);
  }

  /** The block that covers an address, directly or through a network. */
  address(address: string, nowEpochUs: number): Block | undefined {
    if (this.#covers.length === 0) return undefined;
    const ip = parseIp(address);
    return ip === undefined ? undefined : inForce(findCover(this.#covers, ip)?.by, nowEpochUs);
  }

  /** The entry under which an address is on lists: the blocked network, or the other entry if that is wider. */
  entryOf(address: string, other: string): string {
    const ip = parseIp(address);
    const cover = ip && findCover(this.#covers, ip)?.prefix;
    const length = parsePrefix(other)?.length ?? 0;
    return cover === undefined || (other !== address && length < cover.length)
      ? other
      : formatPrefix(cover);
  }

  /** Narrower entries inside an IPv6 network that are separately on lists. */
  within(network: string, nowEpochUs: number): readonly Subject[] {
    return (this.#within.get(network) ?? [])
      .filter(({ by }) => inForce(by, nowEpochUs) !== undefined)
      .map(({ value }) => ({ kind: 'address', value }));
  }

  /** The wider listed network that contains all of a network. */
  around(network: Prefix, nowEpochUs: number): Block | undefined {
    const cover = findCover(this.#covers, network.base);
    const isWider = cover !== undefined && cover.prefix.length < network.length;
    return isWider ? inForce(cover.by, nowEpochUs) : undefined;
  }

  /** The block of a network that contains all of another one, whatever is excepted from it. */
  over(network: Prefix, nowEpochUs: number): Block | undefined {
    return this.#networks.find(
      ({ prefix, by }) => covers(prefix, network) && inForce(by, nowEpochUs) !== undefined,
    )?.by;
  }

  /** The block that covers a number, directly or through a range. @param number As in a subject. */
  number(number: string, nowEpochUs: number): Block | undefined {
    if (this.#named.size === 0) return undefined;
    const one = this.listed({ kind: 'number', value: number }, nowEpochUs);
    if (one !== undefined) return one;
    for (const digits of RANGE_DIGITS) {
      const value = number.slice(0, -digits) + 'x'.repeat(digits);
      const range = this.listed({ kind: 'range', value }, nowEpochUs);
      if (range !== undefined) return range;
    }
    return undefined;
  }

  /** The operator's block of exactly this. */
  named(subject: Subject, nowEpochUs: number): Block | undefined {
    return inForce(this.#named.get(keyOf(subject)), nowEpochUs);
  }

  /** The block that names an address, whatever protects it. */
  said(address: string, nowEpochUs: number): Block | undefined {
    if (this.#networks.length === 0) return undefined;
    const ip = parseIp(address);
    if (ip === undefined) return undefined;
    const found = this.#networks.find(
      ({ prefix, by }) => contains(prefix, ip) && inForce(by, nowEpochUs) !== undefined,
    );
    return found?.by;
  }
}

/** The operator's decision, ahead of what else is known. */
export function blockedVerdict(
  { comment, untilEpochUs, isOfFleet = false }: Block,
  known: Verdict,
): Verdict {
  const who = isOfFleet ? 'the operator of the fleet' : 'the operator';
  return {
    ...known,
    level: 'listed',
    listed: true,
    score: SCORE_MAX,
    reasons: [
      `blocked by ${who}${comment === '' ? '' : `: ${comment}`}`,
      ...(known.level === 'none' ? [] : known.reasons),
    ],
    untilEpochUs: Math.max(
      untilEpochUs ?? LATEST_EPOCH_US,
      known.listed ? (known.untilEpochUs ?? 0) : 0,
    ),
  };
}

/** Says that a protection wins, for those who ask why the block has no effect. */
export function overruled(block: Block | undefined): readonly string[] {
  if (block === undefined) return [];
  const { subject, comment } = block;
  const { kind, value } = subject;
  const name =
    kind === 'number' ? formatJudgedNumber(value) : kind === 'range' ? `+${value}` : value;
  return [`so the block of ${name}${comment === '' ? '' : ` (${comment})`} has no effect on it`];
}

function inForce(block: Block | undefined, nowEpochUs: number): Block | undefined {
  return block !== undefined && nowEpochUs < (block.untilEpochUs ?? Infinity) ? block : undefined;
}

function keyOf({ kind, value }: Subject): string {
  return `${kind} ${value}`;
}
