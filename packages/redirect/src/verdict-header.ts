// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1FromUtf8 } from '@sentrypeer/bytes';
import type { Judgement } from '@sentrypeer/verdict';
import { REASON_CHARACTERS_MAX } from './limits.ts';

/** ITU-T Q.850: call rejected. */
const CALL_REJECTED = 21;

type Headers = readonly (readonly [string, string])[];

/** Says that nothing was judged, so nothing is refused. */
export function unreadHeaders(): Headers {
  return [['X-SentryPeer-Verdict', 'unread']];
}

/**
 * The headers that give the peer the reason; texts are Latin-1 with UTF-8 inside, as a response needs them. The verdict
 * begins with `listed` only if the call is refused.
 */
export function verdictHeaders(judgement: Judgement, isRefused: boolean): Headers {
  const { level, score, untilEpochUs, number, reasons } = judgement;
  const reason = quoted(reasons.join('; '));
  const parts = [
    isRefused ? 'listed' : level === 'watch' ? 'watch' : 'not-listed',
    ...(isRefused && level !== 'listed' ? [`level=${level}`] : []),
    `score=${score}`,
    ...(number?.e164 === undefined ? [] : [`number=${number.e164}`]),
    ...(untilEpochUs === undefined ? [] : [`until=${Math.ceil(untilEpochUs / 1_000_000)}`]),
    ...(reasons.length === 0 ? [] : [`reason=${reason}`]),
  ];
  const verdict = ['X-SentryPeer-Verdict', parts.join(';')] as const;
  if (!isRefused) return [verdict];
  // RFC 6432 lets final responses carry the cause of Q.850, which PBXs pass on to the caller's leg.
  return [['Reason', `Q.850;cause=${CALL_REJECTED};text=${reason}`], verdict];
}

/** RFC 3261 §25.1, `quoted-string`: within a length, without control characters. */
function quoted(text: string): string {
  let safe = '';
  for (const character of text.slice(0, REASON_CHARACTERS_MAX)) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f || (code >= 0xd8_00 && code <= 0xdf_ff)) continue;
    safe += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return `"${latin1FromUtf8(safe)}"`;
}
