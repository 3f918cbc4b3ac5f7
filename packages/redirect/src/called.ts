// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isEmergencyName } from '@sentrypeer/numbers';
import { looksLikeNumber, type SipMessage } from '@sentrypeer/sip';
import { CALLED_CHARACTERS_MAX } from './limits.ts';

/** What a call is for. */
export type Called =
  | { readonly kind: 'number'; readonly number: string | undefined }
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
  const number = calledNumber(message);
  const isReadable = number !== undefined && number.length <= CALLED_CHARACTERS_MAX;
  return { kind: isReadable ? 'number' : 'unreadable', number };
}

/** In the form that the judge reads: preceded by a global `phone-context` (RFC 3966 §5.1.5). */
function calledNumber(message: SipMessage): string | undefined {
  const { number, phoneContext } = message.called;
  if (number === undefined || phoneContext?.startsWith('+') !== true) return number;
  return looksLikeNumber(phoneContext) && !number.startsWith('+') ? phoneContext + number : number;
}
