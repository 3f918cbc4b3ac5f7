// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, formatPrefix, isNearlyIpv4, parsePrefix } from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import type { StoreReader } from '@sentrypeer/store';
import {
  likelySlip,
  type Block,
  type Judge,
  type Judgement,
  type Subject,
} from '@sentrypeer/verdict';
import { judgeOptions } from '../open-engine.ts';
import { NEARLY_ADDRESS, RANGE } from '../services/blockable.ts';
import { judgeOver, optionsHash } from '../services/open-judging.ts';
import { OwnAddresses } from '../services/own-addresses.ts';
import type { CommandContext } from './command.ts';
import { shown } from './text.ts';

/** The subject that a text names, and the verdict on it. */
export interface JudgedSubject {
  readonly subject: Subject;
  readonly judgement: Judgement;
  /** The block by which the operator listed it. */
  readonly block: Block | undefined;
}

/** Whether the node judges by other options than this command, which has them from its own command line and file. */
export function judgesDifferently(
  log: StoreReader,
  { config, clock, stage }: Pick<CommandContext, 'config' | 'clock' | 'stage'>,
): boolean {
  const known = log.evidence.judgedByHash();
  const own = new OwnAddresses(clock).get();
  return known !== undefined && known !== optionsHash(judgeOptions(config, stage), own);
}

/** Reads an address, a range such as `+46850780xx`, or a number in any form, and judges it. Throws `OperatingError`. */
export async function judgeText(
  text: string,
  log: StoreReader,
  context: Pick<CommandContext, 'config' | 'clock' | 'stage'>,
): Promise<JudgedSubject> {
  const { clock } = context;
  const { judge } = await openJudge(log, context);
  const judged = (subject: Subject, judgement: Judgement): JudgedSubject => {
    return { subject, judgement, block: judge.blockOn(subject, clock.epochUs()) };
  };
  const network = text.includes('/') ? parsePrefix(text) : undefined;
  if (network !== undefined) {
    const subject = { kind: 'address', value: formatPrefix(network) } as const;
    const verdict = judge.network(network, clock.epochUs());
    const judgement = { ...verdict, number: undefined, address: verdict };
    return { subject, judgement, block: judge.blockOnNetwork(network, clock.epochUs()) };
  }
  const address = canonicalAddress(text);
  if (address !== undefined) {
    const judgement = judge.judge({ address }, clock.epochUs());
    return judged({ kind: 'address', value: address }, judgement);
  }
  if (RANGE.test(text)) {
    const subject = { kind: 'range', value: text.slice(1) } as const;
    const verdict = judge.subject(subject, clock.epochUs());
    return judged(subject, { ...verdict, number: undefined, address: undefined });
  }
  if (isNearlyIpv4(text)) {
    throw new OperatingError('subject_unknown', `${shown(text)}: ${NEARLY_ADDRESS}`);
  }
  const { judgement, subject } = judgeNumber(text, judge, clock.epochUs());
  return judged(subject, judgement);
}

/** The daemon's judge, and what it knows of the operator's decisions. */
export async function openJudge(
  log: StoreReader,
  { config, clock, stage }: Pick<CommandContext, 'config' | 'clock' | 'stage'>,
): Promise<ReturnType<typeof judgeOver>> {
  const plans = await NumberingPlans.load();
  return judgeOver({ clock, plans, evidence: log.evidence }, judgeOptions(config, stage));
}

function judgeNumber(
  text: string,
  judge: Judge,
  nowEpochUs: number,
): Pick<JudgedSubject, 'subject' | 'judgement'> {
  const judgement = judge.judge({ number: text }, nowEpochUs);
  const { kind = 'none', e164, digits = '' } = judgement.number ?? {};
  if (kind === 'none') {
    const slip = text.includes('/') ? likelySlip(text) : undefined;
    if (slip !== undefined) throw new OperatingError('subject_unknown', `${shown(text)}: ${slip}`);
    throw new OperatingError(
      'subject_unknown',
      `${shown(text)} is neither an address nor a number; write one, such as 192.0.2.5 or +46701234567`,
    );
  }
  return { subject: { kind: 'number', value: e164 ?? digits }, judgement };
}
