// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  contains,
  covers,
  formatIp,
  isDocumentation,
  isIpv4,
  NETWORK_LENGTHS,
  networkBits,
  parseIp,
  parsePrefix,
  specialPurpose,
  type JudgedNetwork,
  type Prefix,
} from '@sentrypeer/ip';
import {
  blockPrefix,
  blocksOf,
  readNumber,
  readQuestion,
  type HomePlan,
  type NumberingPlans,
  type Reading,
} from '@sentrypeer/numbers';
import { helplines } from './helplines.ts';
import { meantRange } from './meant-range.ts';
import { parseAllowed, type Allowance, type Allowed } from './allowance.ts';

export interface NeverListedOptions {
  /** Addresses of this machine, and those it is known under outside. */
  readonly ownAddresses: readonly string[];
  /** Numbers that ring here, as `parseAllowed()` reads them. */
  readonly ownNumbers: readonly string[];
  readonly allowances: readonly Allowance[];
  /**
   * Whether addresses that only examples use are judged like others. Nothing but the demo says so.
   *
   * @default false
   */
  readonly listsDocumentation?: boolean;
}

interface Entry {
  readonly allowed: Allowed;
  readonly why: string;
  readonly untilEpochUs: number;
}

const KINDS: Partial<Readonly<Record<Reading['kind'], string>>> = {
  emergency: 'this is an emergency number, which is never listed',
  'short-code': 'this is a short code, which is never listed',
  extension: 'this is too short for a number: extensions and short codes are never listed',
  'feature-code': 'this is a feature code, which is never listed',
};

const HELPLINE = { why: 'it is a helpline', untilEpochUs: Infinity };

/** Knows what must never be listed, whatever is said against it. */
export class NeverListed {
  readonly #plans: NumberingPlans;
  readonly #home: HomePlan | undefined;
  readonly #listsDocumentation: boolean;
  /** What is one address or one number has its entry here, so that a long list costs no more than a short one. */
  readonly #addresses = new Map<string, Entry>();
  readonly #numbers = new Map<string, Entry>();
  /** Networks of IPv6 in which something guarded lies, by their length and first bits: evidence may list none of them. */
  readonly #holders = new Map<number, Map<bigint, Entry & { readonly value: string }>>(
    NETWORK_LENGTHS.map((length) => [length, new Map()]),
  );
  /** Blocks in which an allowed number lies. */
  readonly #blocks = new Map<string, Entry>();
  readonly #ranges: Entry[] = [];

  constructor(
    ports: { readonly plans: NumberingPlans; readonly home: HomePlan | undefined },
    options: NeverListedOptions,
  ) {
    this.#plans = ports.plans;
    this.#home = ports.home;
    this.#listsDocumentation = options.listsDocumentation === true;
    for (const { value, comment, untilEpochUs = Infinity } of options.allowances) {
      const why = `it is on the allowlist${comment === '' ? '' : ` (${comment})`}`;
      this.#add(value, why, untilEpochUs);
    }
    for (const number of options.ownNumbers)
      this.#add(number, 'it is one of our own numbers', Infinity);
    for (const number of helplines()) {
      const entry = { ...HELPLINE, allowed: { kind: 'prefix', prefix: number } } as const;
      for (const block of blocksOf(this.#plans, number)) put(this.#blocks, block, entry);
    }
    // A zone says where a link-local address holds; no packet from outside has one.
    for (const own of options.ownAddresses) {
      this.#add(own.split('%')[0] ?? '', 'it is one of our own addresses', Infinity);
    }
  }

  /** Why the address is never listed, `undefined` where it may be. What is no address is never listed. */
  address(address: string, nowEpochUs: number): string | undefined {
    const ip = parseIp(address);
    if (ip === undefined) return 'this is not an address';
    const special = specialPurpose(ip);
    const isExample = this.#listsDocumentation && isDocumentation(ip);
    if (special !== undefined && !isExample) return `addresses of ${special} are never listed`;
    const own = this.#addresses.get(formatIp(ip));
    if (own !== undefined && nowEpochUs < own.untilEpochUs) return own.why;
    return this.#ranges.find(
      ({ allowed, untilEpochUs }) =>
        allowed.kind === 'network' && contains(allowed.network, ip) && nowEpochUs < untilEpochUs,
    )?.why;
  }

  /** Why a network of IPv6 is never listed by evidence: it is guarded, or some of it is. */
  network({ bits, length, text }: JudgedNetwork, nowEpochUs: number): string | undefined {
    const network = parsePrefix(text);
    if (network === undefined) return 'this is not a network';
    // Within the unicast space all blocks of the registries are as wide as the widest network that is judged, or wider.
    const special = specialPurpose(network.base);
    const isExample = this.#listsDocumentation && isDocumentation(network.base);
    if (special !== undefined && !isExample) return `addresses of ${special} are never listed`;
    const found = this.#ranges.find(
      ({ allowed, untilEpochUs }) =>
        allowed.kind === 'network' && covers(allowed.network, network) && nowEpochUs < untilEpochUs,
    );
    if (found !== undefined) return found.why;
    const held = this.#holders.get(length)?.get(bits);
    if (held === undefined || nowEpochUs >= held.untilEpochUs) return undefined;
    return `${text} contains ${held.value}, which must not be refused: ${held.why}`;
  }

  /** Networks and addresses of the operator's own, or that he allowed. */
  networks(): readonly Prefix[] {
    return [...this.#addresses.values(), ...this.#ranges].flatMap(({ allowed }) =>
      allowed.kind === 'network' ? [allowed.network] : [],
    );
  }

  /** What of a network is never listed, each with the reason. */
  within(
    network: Prefix,
    nowEpochUs: number,
  ): readonly { readonly network: Prefix; readonly why: string }[] {
    return [...this.#addresses.values(), ...this.#ranges].flatMap(
      ({ allowed, why, untilEpochUs }) =>
        allowed.kind === 'network' &&
        nowEpochUs < untilEpochUs &&
        (covers(network, allowed.network) || covers(allowed.network, network))
          ? [{ network: allowed.network, why }]
          : [],
    );
  }

  /** Why the block is never listed: one of its numbers is guarded, and a list of prefixes would refuse it. */
  range(block: string, nowEpochUs: number): string | undefined {
    const one = this.#blocks.get(block);
    if (one !== undefined && nowEpochUs < one.untilEpochUs)
      return `of one of its numbers: ${one.why}`;
    const prefix = blockPrefix(block);
    const found = this.#ranges.find(
      ({ allowed, untilEpochUs }) =>
        nowEpochUs < untilEpochUs && overlaps(allowed, prefix, block.length),
    );
    return found === undefined ? undefined : `of some of its numbers: ${found.why}`;
  }

  /**
   * Why what was dialled is never listed. An allowed number that the digits may mean, however unlikely, guards
   * them: a number too much that gets through costs less than an allowed one that does not.
   */
  number(reading: Reading, nowEpochUs: number): string | undefined {
    const kind = KINDS[reading.kind];
    if (kind !== undefined) return kind;
    const texts = [reading.digits, ...this.#meanings(reading)];
    for (const text of texts) {
      const found = this.#number(text, nowEpochUs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Also what digits without a plus may mean though they are another number as they stand. */
  #meanings({ digits, candidates, isPlain }: Reading): readonly string[] {
    const guards = this.#numbers.size > 0 || this.#ranges.length > 0;
    const isOpen = isPlain && !digits.includes('+');
    const others = guards && isOpen ? readNumber(this.#plans, digits).candidates : [];
    return [...candidates, ...others].map(({ e164 }) => `+${e164}`);
  }

  /** The same of a number of E.164, without its plus. */
  e164(e164: string, nowEpochUs: number): string | undefined {
    return (
      this.#number(e164, nowEpochUs) ?? this.number(readNumber(this.#plans, `+${e164}`), nowEpochUs)
    );
  }

  /** @param text A number of E.164 with its plus, or digits as dialled. */
  #number(text: string, nowEpochUs: number): string | undefined {
    const one = this.#numbers.get(text);
    if (one !== undefined && nowEpochUs < one.untilEpochUs) return one.why;
    const e164 = text.startsWith('+') ? text.slice(1) : undefined;
    return this.#ranges.find(
      ({ allowed, untilEpochUs }) =>
        nowEpochUs < untilEpochUs &&
        (e164 === undefined
          ? allowed.kind === 'dialled' && isBetween(text, allowed)
          : (allowed.kind === 'prefix' && e164.startsWith(allowed.prefix)) ||
            (allowed.kind === 'numbers' && isBetween(e164, allowed))),
    )?.why;
  }

  #addNumber(text: string, entry: Entry): void {
    put(this.#numbers, text, entry);
    if (!text.startsWith('+')) return;
    for (const block of blocksOf(this.#plans, text.slice(1))) put(this.#blocks, block, entry);
  }

  /** Remembers the wider networks that something lies in. */
  #hold({ base, length }: Prefix, entry: Entry & { readonly value: string }): void {
    if (isIpv4(base)) return;
    for (const [wider, held] of this.#holders) {
      if (wider < length) put(held, networkBits(base, wider), entry);
    }
  }

  #add(value: string, why: string, untilEpochUs: number): void {
    const allowed = parseAllowed(value);
    if (allowed === undefined) return; // The database may be of a newer version.
    const entry = { allowed, why, untilEpochUs };
    if (allowed.kind === 'network') this.#hold(allowed.network, { ...entry, value });
    if (allowed.kind === 'network' && allowed.network.length === 128) {
      put(this.#addresses, formatIp(allowed.network.base), entry);
    } else if (allowed.kind === 'numbers' && allowed.from === allowed.to) {
      this.#addNumber(value, entry);
    } else if (allowed.kind === 'dialled' && allowed.from === allowed.to) {
      this.#addNumber(value, entry);
      // A number written as it is dialled at home guards it in every other form too.
      const [best] = readQuestion(this.#plans, value, this.#home).candidates;
      if (best !== undefined) this.#addNumber(`+${best.e164}`, entry);
    } else {
      this.#ranges.push(entry);
      if (allowed.kind !== 'dialled') return;
      const meant = meantRange(this.#plans, allowed, this.#home);
      if (meant !== undefined)
        this.#ranges.push({ ...entry, allowed: { kind: 'numbers', ...meant } });
    }
  }
}

/** The one that holds longest counts. */
function put<K, E extends Entry>(entries: Map<K, E>, key: K, entry: E): void {
  const known = entries.get(key);
  if (known === undefined || known.untilEpochUs < entry.untilEpochUs) entries.set(key, entry);
}

/** Whether a number with that prefix and length may be one of those. */
function overlaps(allowed: Allowed, prefix: string, length: number): boolean {
  if (allowed.kind === 'prefix') {
    return (
      allowed.prefix.length <= length &&
      (allowed.prefix.startsWith(prefix) || prefix.startsWith(allowed.prefix))
    );
  }
  if (allowed.kind !== 'numbers' || allowed.from.length !== length) return false;
  return (
    allowed.to.slice(0, prefix.length) >= prefix && allowed.from.slice(0, prefix.length) <= prefix
  );
}

function isBetween(
  digits: string,
  { from, to }: { readonly from: string; readonly to: string },
): boolean {
  return digits.length === from.length && digits >= from && digits <= to;
}
