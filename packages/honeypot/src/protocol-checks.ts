// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { REGISTERED_METHODS } from '@sentrypeer/event';
import type { SipMessage } from '@sentrypeer/sip';
import type { Check } from './persona.ts';
import type { Received } from './received.ts';
import { type Answer, dateOf, plainAnswer, type Request, SILENT } from './request.ts';
import { listed, type WornPersona } from './worn-persona.ts';

/** Methods of RFC 3261 and its updates; no product implements others. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(REGISTERED_METHODS);

const KNOWN_SCHEMES: ReadonlySet<string> = new Set(['sip', 'sips', 'tel']);
const KNOWN_BODIES: readonly string[] = ['application/sdp', 'multipart/mixed'];

/**
 * Whether a request is answered at all. Never an ACK, never one without method and version, never one without a
 * header that the answer echoes: this prevents loops and most of the amplification.
 */
export function isAnswerable(message: SipMessage): boolean {
  if (message.method === undefined || message.method === 'ACK') return false;
  if (message.sipVersion === undefined || message.requestUri === undefined) return false;
  return message.isRepeatable;
}

/**
 * The refusal of a request before its purpose matters (RFC 3261 §8.2), each check as the persona has it; `undefined` if
 * it passes.
 */
export function protocolRefusal(request: Request<unknown>, worn: WornPersona): Answer | undefined {
  const { message } = request;
  const { checks } = worn.persona;
  const method = message.method ?? '';
  if (message.sipVersion !== 'SIP/2.0') return answerTo(checks.version);
  if (isMalformed(message, request.input)) return plainAnswer(400, [], 'stack');
  if (message.cseq === undefined) return answerTo(checks.cseqMalformed);
  if (message.cseq.method !== method && checks.cseqMethod !== 'ignored') {
    return answerTo(checks.cseqMethod);
  }
  if (checks.hops !== 'ignored' && message.header('max-forwards') === '0') {
    return answerTo(checks.hops);
  }
  if (!KNOWN_METHODS.has(method)) {
    return checks.unknownMethod === 'challenge' ? undefined : plainAnswer(checks.unknownMethod);
  }
  // Registrars accept REGISTER without listing it.
  if (checks.notAllowed === 405 && method !== 'REGISTER' && !worn.allowed.has(method)) {
    return plainAnswer(405, [['Allow', worn.allow]]);
  }
  if (!KNOWN_SCHEMES.has(message.requestUriParsed?.scheme ?? '')) return plainAnswer(416);
  return extensionRefusal(request, worn) ?? bodyRefusal(message, worn);
}

/** The layer that answers knows nothing of the request: no optional header in the answer. */
function answerTo(check: Check): Answer {
  return typeof check === 'string' ? SILENT : plainAnswer(check, [], 'stack');
}

function extensionRefusal(request: Request<unknown>, worn: WornPersona): Answer | undefined {
  const { require, extensionReason, extensionDate } = worn.persona.checks;
  if (require === 'never') return undefined;
  if (require === 'invite' && request.message.method !== 'INVITE') return undefined;
  const unsupported = unsupportedExtensions(request.message, worn);
  if (unsupported === '') return undefined;
  const date = extensionDate ? [dateOf(request.epochMs)] : [];
  const said =
    extensionReason === undefined ? { status: 420 } : { status: 420, reason: extensionReason };
  return plainAnswer(said, [...date, ['Unsupported', unsupported]]);
}

function bodyRefusal(message: SipMessage, worn: WornPersona): Answer | undefined {
  if (worn.persona.checks.strangeBody === 'ignored') return undefined;
  const isStrange = message.method === 'INVITE' && message.bodySize > 0 && !hasKnownBody(message);
  return isStrange ? plainAnswer(415, [['Accept', 'application/sdp']]) : undefined;
}

function isMalformed(message: SipMessage, input: Received<unknown>): boolean {
  const hasLength = message.header('content-length') !== undefined;
  return (
    (hasLength && message.contentLength === undefined) ||
    input.framingAnomalies.includes('content_length_absurd') ||
    message.vias[0] === undefined ||
    message.from === undefined ||
    message.to === undefined
  );
}

/** RFC 3261 §8.2.2.3: option tags that we do not know; CANCEL must not be refused for them. */
function unsupportedExtensions(message: SipMessage, worn: WornPersona): string {
  if (message.method === 'CANCEL' || message.header('require') === undefined) return '';
  return message
    .headerValues('require')
    .flatMap(listed)
    .filter((extension) => !worn.supported.has(extension))
    .join(', ');
}

function hasKnownBody(message: SipMessage): boolean {
  const contentType = message.header('content-type')?.toLowerCase();
  return contentType === undefined || KNOWN_BODIES.some((type) => contentType.startsWith(type));
}
