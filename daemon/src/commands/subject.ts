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

/** What a text names, and the verdict on it. */
export interface JudgedSubject {
  readonly subject: Subject;
  readonly judgement: Judgement;
}

/** Reads an address or a number in any form, and judges it. Throws `OperatingError`. */
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
  return judgeNumber(text, judge, clock.epochUs());
}

/** A number with its plus, or an address. */
export function nameOf({ kind, value }: Subject): string {
  return kind === 'number' ? `+${value}` : value;
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
