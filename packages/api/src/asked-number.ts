// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readDialledText } from './parameters.ts';
import type { LevelledPorts } from './look-up-levels.ts';
import { parseNumber } from './request-target.ts';

/** The number in a look-up. */
export interface AskedNumber {
  /** As it was asked for. */
  readonly text: string;
  /** The same without what nobody dials: scheme, host, parameters, separators. */
  readonly dialled: string;
}

/**
 * A number in any form that the honeypot records and a PBX may send: digits after any prefix, with a plus among them,
 * with separators, or in a SIP or tel URI. `undefined` if the text is no number.
 */
export function readAskedNumber(
  text: string | undefined,
  { reputation, clock }: LevelledPorts,
): AskedNumber | undefined {
  const asked = readDialledText(text ?? '');
  if (asked === undefined) return undefined;
  if (parseNumber(asked) !== undefined) return { text: asked, dialled: asked };
  const judged = reputation.judge.judge({ number: asked }, clock.epochUs()).number;
  if (judged === undefined || judged.kind === 'none') return undefined;
  return { text: asked, dialled: judged.digits };
}
