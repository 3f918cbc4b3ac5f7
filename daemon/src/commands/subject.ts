// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress } from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import type { StoreReader } from '@sentrypeer/store';
import type { Judge, Judgement, Subject } from '@sentrypeer/verdict';
import { judgeOptions } from '../open-engine.ts';
import { makeJudge } from '../services/judge.ts';
import type { CommandContext } from './command.ts';
import { shown } from './text.ts';

/** A block of numbers, as the lists name it. */
const RANGE = /^\+\d{3,13}x{2,4}$/;

/** What a text names, and the verdict on it. */
export interface JudgedSubject {
  readonly subject: Subject;
  readonly judgement: Judgement;
}

/** Reads an address, a range such as `+46850780xx`, or a number in any form, and judges it. Throws `OperatingError`. */
export async function judgeText(
  text: string,
  log: StoreReader,
  { config, clock }: CommandContext,
): Promise<JudgedSubject> {
  const plans = await NumberingPlans.load();
  const judge = makeJudge({ clock, plans, evidence: log.evidence }, judgeOptions(config));
  const address = canonicalAddress(text);
  if (address !== undefined) {
    const judgement = judge.judge({ address }, clock.epochUs());
    return { subject: { kind: 'address', value: address }, judgement };
  }
  if (RANGE.test(text)) {
    const subject = { kind: 'range', value: text.slice(1) } as const;
    const verdict = judge.subject(subject, clock.epochUs());
    return { subject, judgement: { ...verdict, number: undefined, address: undefined } };
  }
  return judgeNumber(text, judge, clock.epochUs());
}

/** A number or a range with its plus, or an address. */
export function nameOf({ kind, value }: Subject): string {
  return kind === 'address' ? value : `+${value}`;
}

function judgeNumber(text: string, judge: Judge, nowEpochUs: number): JudgedSubject {
  const judgement = judge.judge({ number: text }, nowEpochUs);
  const { kind = 'none', e164 } = judgement.number ?? {};
  if (kind === 'none') {
    throw new OperatingError(
      'subject_unknown',
      `${shown(text)} is neither an address nor a number; write one, such as 192.0.2.5 or +46701234567`,
    );
  }
  const digits = text.startsWith('+') ? text.slice(1) : text;
  return { subject: { kind: 'number', value: e164 ?? digits }, judgement };
}
