// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { unreachable } from '@sentrypeer/kernel';
import { addressVerdict } from './address-verdict.ts';
import { delistedReasons } from './delisting.ts';
import type { Judgement, JudgePorts, Question, Standing, Subject } from './judgement.ts';
import { NumberJudge } from './number-judge.ts';
import { levelRank, notListed, type Verdict } from './verdict.ts';

/** The one judge: decides by what is kept, the policy and the time, in some tens of microseconds and without waiting. */
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
    const address =
      source === undefined
        ? undefined
        : this.subject({ kind: 'address', value: source }, nowEpochUs);
    // A call for help is let through, whoever makes it: a forged or borrowed address must not cost a life.
    if (number?.kind === 'emergency') return { ...notListed(...number.reasons), number, address };
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

  /** The verdict on one address, one number of E.164 or one range. */
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

  /** Whether the number, in whichever form it is dialled, was called here. */
  numberStanding(dialled: string, nowEpochUs: number): Standing {
    return this.#numbers.standing(dialled, nowEpochUs);
  }

  /** Whether anything came from the address here. */
  addressStanding(address: string, nowEpochUs: number): Standing {
    const { evidence, never } = this.#ports;
    if (never().address(address, nowEpochUs) !== undefined) return 'guarded';
    if (evidence.address(address) !== undefined) return 'met';
    if (evidence.delisting({ kind: 'address', value: address }) !== undefined) return 'delisted';
    return evidence.wasMet(address) ? 'met' : 'unmet';
  }

  #address(subject: Subject, nowEpochUs: number): Verdict {
    const { evidence, never, policy } = this.#ports;
    const guarded = never().address(subject.value, nowEpochUs);
    if (guarded !== undefined) return notListed(guarded);
    const known = evidence.address(subject.value);
    if (known !== undefined) return addressVerdict(known, policy, nowEpochUs);
    return notListed(...delistedReasons(evidence.delisting(subject)));
  }
}
