// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Subject } from '@sentrypeer/event';
import {
  covers,
  formatPrefix,
  judgedNetwork,
  networksOf,
  parsePrefix,
  type JudgedNetwork,
  type Prefix,
} from '@sentrypeer/ip';
import { unreachable } from '@sentrypeer/kernel';
import { isTooLong } from '@sentrypeer/numbers';
import { addressVerdict } from './address-verdict.ts';
import { blockedVerdict, overruled, type Block } from './blocked.ts';
import { delistedReasons } from './delisting.ts';
import { EXCEPTIONS_COUNT_MAX } from './limits.ts';
import type { Delisting } from './evidence.ts';
import { withFleet } from './fleet-word.ts';
import type { AddressJudgement, Judgement, JudgePorts, Question, Standing } from './judgement.ts';
import { networkVerdict } from './network-verdict.ts';
import { NumberJudge } from './number-judge.ts';
import { levelRank, notListed, type Verdict } from './verdict.ts';
import { votedAddress, withVotes, type PoolStanding, type Voted } from './votes.ts';

/**
 * The one judge: decides by what is kept, the policy and the time, in some tens of microseconds and without waiting.
 */
export class Judge {
  readonly #ports: JudgePorts;
  readonly #numbers: NumberJudge;

  constructor(ports: JudgePorts) {
    this.#ports = ports;
    this.#numbers = new NumberJudge(ports);
  }

  /** @param nowEpochUs Wall-clock microseconds. */
  judge({ number: dialled, address: source }: Question, nowEpochUs: number): Judgement {
    const number = dialled === undefined ? undefined : this.#numbers.dialled(dialled, nowEpochUs);
    const address = source === undefined ? undefined : this.#asked(source, nowEpochUs);
    // A call for help is let through, whoever makes it: a forged or borrowed address must not cost a life.
    if (number?.kind === 'emergency') return { ...notListed(...number.reasons), number, address };
    if (number?.kind === 'none' && isTooLong(dialled ?? '')) {
      return {
        ...notListed('it is too long to be read, and may be a call for help'),
        number,
        address,
      };
    }
    const verdicts = [number, address].filter((verdict) => verdict !== undefined);
    const rank = Math.max(0, ...verdicts.map(({ level }) => levelRank(level)));
    const gravest = verdicts.filter(({ level }) => levelRank(level) === rank);
    const level = gravest[0]?.level ?? 'none';
    return {
      level,
      listed: level === 'listed',
      score: Math.max(0, ...gravest.map(({ score }) => score)),
      reasons: gravest.flatMap(({ reasons }) => reasons),
      untilEpochUs:
        level === 'none'
          ? undefined
          : Math.max(...gravest.map(({ untilEpochUs = 0 }) => untilEpochUs)),
      number,
      address,
    };
  }

  /**
   * The verdict on one address, one network, one number of E.164 or one range by itself, as lists name it. What lies in
   * a network or a range that the operator blocked is on lists by that alone.
   */
  subject(subject: Subject, nowEpochUs: number): Verdict {
    switch (subject.kind) {
      case 'number':
        return this.#numbers.number(subject.value, nowEpochUs);
      case 'range':
        return this.#numbers.range(subject.value, nowEpochUs);
      case 'address':
        return this.#address(subject, nowEpochUs);
      default:
        return unreachable(subject.kind);
    }
  }

  /** The verdict on all of a network that is not guarded, for whoever asks about the network itself. */
  network(network: Prefix, nowEpochUs: number): AddressJudgement {
    const block = this.blockOnNetwork(network, nowEpochUs);
    const text = formatPrefix(network);
    if (block === undefined) {
      if (networksOf(text) !== undefined) return this.#evidenced(text, nowEpochUs);
      return {
        ...this.subject({ kind: 'address', value: text }, nowEpochUs),
        entry: text,
        pool: undefined,
      };
    }
    const guards = this.#ports.never().within(network, nowEpochUs);
    const whole = guards.find((guard) => covers(guard.network, network));
    if (whole !== undefined) {
      const reasons = [whole.why, ...overruled(block)];
      return { ...notListed(...reasons), entry: text, pool: undefined };
    }
    const except = guards
      .slice(0, EXCEPTIONS_COUNT_MAX)
      .map((guard) => `except ${formatPrefix(guard.network)}: ${guard.why}`);
    const more = guards.length - except.length;
    const { reasons, ...verdict } = blockedVerdict(block, notListed());
    const all = [
      ...reasons,
      ...except,
      ...(more > 0 ? [`except ${more} more that are never refused`] : []),
    ];
    return { ...verdict, reasons: all, entry: text, pool: undefined };
  }

  /** By which word all of a network is listed that is not guarded. */
  blockOnNetwork(network: Prefix, nowEpochUs: number): Block | undefined {
    const blocked = this.#ports.blocked();
    const named = blocked.named({ kind: 'address', value: formatPrefix(network) }, nowEpochUs);
    return named ?? blocked.over(network, nowEpochUs);
  }

  /** Why the subject is never listed, whatever the operator blocks; `undefined` where it may be. */
  guardOf({ kind, value }: Subject, nowEpochUs: number): string | undefined {
    const never = this.#ports.never();
    if (kind === 'range') return never.range(value, nowEpochUs);
    if (kind === 'number') return this.#numbers.guardOf(value, nowEpochUs);
    return never.address(value, nowEpochUs);
  }

  /** By which word of the operator's the subject is listed; `undefined` where by none. */
  blockOn({ kind, value }: Subject, nowEpochUs: number): Block | undefined {
    if (this.guardOf({ kind, value }, nowEpochUs) !== undefined) return undefined;
    const blocked = this.#ports.blocked();
    if (kind === 'address') return blocked.address(value, nowEpochUs);
    return kind === 'number'
      ? blocked.number(value, nowEpochUs)
      : blocked.listed({ kind, value }, nowEpochUs);
  }

  /** Whether the number, in whichever form it is dialled, was called here. */
  numberStanding(dialled: string, nowEpochUs: number): Standing {
    return this.#numbers.standing(dialled, nowEpochUs);
  }

  /** Whether anything came from the address here. */
  addressStanding(address: string, nowEpochUs: number): Standing {
    const { evidence, never, blocked } = this.#ports;
    if (never().address(address, nowEpochUs) !== undefined) return 'guarded';
    if (blocked().address(address, nowEpochUs) !== undefined) return 'met';
    if (evidence.address(address) !== undefined) return 'met';
    if (this.#evidenced(address, nowEpochUs).listed) return 'met';
    if (this.#delisting(address) !== undefined) return 'delisted';
    return evidence.wasMet(address) ? 'met' : 'unmet';
  }

  /** An address that somebody asks about: also by the networks that it lies in. */
  #asked(address: string, nowEpochUs: number): AddressJudgement {
    const { never, blocked } = this.#ports;
    const guarded = never().address(address, nowEpochUs);
    if (guarded !== undefined) {
      const said = overruled(blocked().said(address, nowEpochUs));
      return {
        ...notListed(guarded, ...said),
        entry: address,
        pool: this.#standing(address, nowEpochUs),
      };
    }
    const block = blocked().address(address, nowEpochUs);
    const known = this.#evidenced(address, nowEpochUs);
    if (block === undefined) return known;
    const entry = blocked().entryOf(address, known.listed ? known.entry : address);
    return { ...blockedVerdict(block, known), entry, pool: known.pool };
  }

  /** By evidence, of the networks of IPv6 by the widest that is listed as a whole. */
  #evidenced(value: string, nowEpochUs: number): AddressJudgement {
    const [narrow, ...wider] = networksOf(value) ?? [];
    const voted = this.#voted(narrow?.text ?? value, nowEpochUs);
    const own = this.#known(narrow?.text ?? value, narrow, nowEpochUs, () => voted);
    const pool = voted?.standing;
    for (const network of wider.toReversed()) {
      const verdict = this.#known(network.text, network, nowEpochUs);
      if (!verdict.listed) continue;
      const reasons = [...verdict.reasons, ...own.reasons];
      return { ...verdict, reasons, entry: network.text, pool };
    }
    return { ...own, entry: narrow?.text ?? value, pool };
  }

  #address(subject: Subject, nowEpochUs: number): Verdict {
    const { never, blocked } = this.#ports;
    const block = blocked().listed(subject, nowEpochUs);
    if (subject.value.includes('/')) {
      const network = parsePrefix(subject.value);
      const around = network && blocked().around(network, nowEpochUs);
      const judged = judgedNetwork(subject.value);
      const known =
        judged === undefined ? notListed() : this.#known(judged.text, judged, nowEpochUs);
      if (around !== undefined) {
        const why = `it lies in ${around.subject.value}, which the operator blocked`;
        return { ...known, ...notListed(why) };
      }
      return block === undefined ? known : blockedVerdict(block, known);
    }
    const guarded = never().address(subject.value, nowEpochUs);
    if (guarded !== undefined) return notListed(guarded);
    const known = networksOf(subject.value)
      ? notListed('IPv6 is listed by network') // By itself only where the operator blocked it.
      : this.#known(subject.value, undefined, nowEpochUs);
    return block === undefined ? known : blockedVerdict(block, known);
  }

  /**
   * By evidence alone.
   *
   * @param network Of IPv6, where the value is one.
   * @param counted What the pool says of it; networks wider than a /64 do not ask.
   */
  #known(
    value: string,
    network: JudgedNetwork | undefined,
    nowEpochUs: number,
    counted: () => Voted | undefined = () => this.#voted(value, nowEpochUs),
  ): Verdict {
    const { evidence, never, policy } = this.#ports;
    if (network !== undefined && network.length < 64) {
      const parts = evidence.listedParts(network);
      const own = networkVerdict(network, parts, policy, nowEpochUs);
      const verdict = this.#withFleet(own, value, nowEpochUs);
      // What guards it is looked for where it matters: most wider networks are far from being listed.
      const guard = verdict.listed ? never().network(network, nowEpochUs) : undefined;
      return guard === undefined ? withOwnUntil(verdict, own) : notListed(guard);
    }
    const guarded = network && never().network(network, nowEpochUs);
    if (guarded !== undefined) return notListed(guarded);
    const known = evidence.address(value);
    const own =
      known === undefined
        ? notListed(...delistedReasons(this.#delisting(value)))
        : addressVerdict(known, policy, nowEpochUs);
    const voted = counted();
    const verdict = voted === undefined ? own : withVotes(own, voted.verdict);
    return withOwnUntil(this.#withFleet(verdict, value, nowEpochUs), own);
  }

  /** Also by what the hubs of the fleet list. */
  #withFleet(own: Verdict, value: string, nowEpochUs: number): Verdict {
    const word = this.#ports.fleet({ kind: 'address', value });
    if (word === undefined) return own;
    return withFleet(own, word, nowEpochUs, this.#delisting(value)?.atEpochUs);
  }

  /** What the pool says of an address of IPv4 or a /64. */
  #voted(value: string, nowEpochUs: number): Voted | undefined {
    const { policy, quorumMin, networkCheck } = this.#ports;
    const said = this.#ports.said({ kind: 'address', value });
    if (said === undefined) return undefined;
    const delistedEpochUs = this.#delisting(value)?.atEpochUs;
    return votedAddress(said, { policy, quorumMin, networkCheck, nowEpochUs, delistedEpochUs });
  }

  #standing(value: string, nowEpochUs: number): PoolStanding | undefined {
    return this.#voted(value, nowEpochUs)?.standing;
  }

  /** Of the address, or of a network that it lies in. */
  #delisting(value: string): Delisting | undefined {
    const values = networksOf(value)?.map(({ text }) => text) ?? [value];
    for (const each of values) {
      const found = this.#ports.evidence.delisting({ kind: 'address', value: each });
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** A verdict that also says until when own evidence alone lists it. */
function withOwnUntil(verdict: Verdict, { listed, untilEpochUs }: Verdict): Verdict {
  return listed && untilEpochUs !== undefined
    ? { ...verdict, ownUntilEpochUs: untilEpochUs }
    : verdict;
}
