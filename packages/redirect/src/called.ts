// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isEmergencyName } from '@sentrypeer/numbers';
import { looksLikeNumber, type SipMessage } from '@sentrypeer/sip';
import { CALLED_CHARACTERS_MAX } from './limits.ts';

/** What a call is for. */
export type Called =
  | {
      readonly kind: 'number';
      /** Preceded by a global `phone-context` (RFC 3966 §5.1.5). */
      readonly number: string | undefined;
      /** As the judge reads it: the number as dialled, and the context. */
      readonly question: string | undefined;
      /** Without the context, as it is dialled for help. */
      readonly dialled: string | undefined;
    }
  /** The emergency service itself, whatever number is dialled for it (RFC 5031 §4.1). */
  | { readonly kind: 'emergency'; readonly number: string }
  /** Nobody can say what it is for: another kind of URI, or one without a user, or with one that is too long. */
  | { readonly kind: 'unreadable'; readonly number: string | undefined };

const SCHEMES: ReadonlySet<string> = new Set(['sip', 'sips', 'tel']);

export function readCalled(message: SipMessage): Called {
  const uri = message.requestUri ?? '';
  if (isEmergencyName(uri)) return { kind: 'emergency', number: uri };
  if (!SCHEMES.has(message.requestUriParsed?.scheme ?? '')) {
    return { kind: 'unreadable', number: uri };
  }
  const { number: dialled, phoneContext } = message.called;
  const number = inContext(dialled, phoneContext);
  if (number === undefined || number.length > CALLED_CHARACTERS_MAX) {
    return { kind: 'unreadable', number };
  }
  const question = number === dialled ? number : `${dialled};phone-context=${phoneContext}`;
  return { kind: 'number', number, question, dialled };
}

function inContext(number: string | undefined, context = ''): string | undefined {
  if (number === undefined || number.startsWith('+') || !context.startsWith('+')) return number;
  return looksLikeNumber(context) ? context + number : number;
}
