// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SipMessage } from '@sentrypeer/sip';
import type { Received } from './received.ts';
import { type Answer, plainAnswer, type Request } from './request.ts';
import { listed, type WornPersona } from './worn-persona.ts';

/** Methods of RFC 3261 and its updates; others are not implemented by anybody. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
]);

const KNOWN_SCHEMES: ReadonlySet<string> = new Set(['sip', 'sips', 'tel']);
const KNOWN_BODIES: readonly string[] = ['application/sdp', 'multipart/mixed'];

/** What is echoed in every answer; without it there is none. */
const ECHOED = ['via', 'from', 'to', 'call-id', 'cseq'] as const;

/**
 * Whether a request is answered at all. Never an ACK, never what has no method and version, never what lacks a
 * header that the answer echoes: that ends loops and most of the amplification.
 */
export function isAnswerable(message: SipMessage): boolean {
  if (message.kind !== 'request' || message.method === undefined || message.method === 'ACK') {
    return false;
  }
  if (message.sipVersion === undefined || message.requestUri === undefined) return false;
  return ECHOED.every((id) => (message.header(id) ?? '') !== '');
}

/** How a request is refused before anybody asks what it wants (RFC 3261 §8.2), else `undefined`. */
export function protocolRefusal(request: Request<unknown>, worn: WornPersona): Answer | undefined {
  const { message } = request;
  const method = message.method ?? '';
  if (message.sipVersion !== 'SIP/2.0') return plainAnswer(505);
  if (isMalformed(message, request.input)) return plainAnswer(400);
  if (!KNOWN_METHODS.has(method)) return plainAnswer(501);
  // Registrars take REGISTER without naming it.
  if (method !== 'REGISTER' && !worn.allowed.has(method)) {
    return plainAnswer(405, [['Allow', worn.allow]]);
  }
  if (!KNOWN_SCHEMES.has(message.requestUriParsed?.scheme ?? '')) return plainAnswer(416);
  const unsupported = unsupportedExtensions(message, worn);
  if (unsupported !== '') return plainAnswer(420, [['Unsupported', unsupported]]);
  const isStrange = method === 'INVITE' && message.bodySize > 0 && !hasKnownBody(message);
  return isStrange ? plainAnswer(415, [['Accept', 'application/sdp']]) : undefined;
}

/** RFC 3261 §8.1.1.5: "The method MUST match that of the request." */
function isMalformed(message: SipMessage, input: Received<unknown>): boolean {
  const hasLength = message.header('content-length') !== undefined;
  return (
    (hasLength && message.contentLength === undefined) ||
    input.framingAnomalies.includes('content_length_absurd') ||
    message.vias[0] === undefined ||
    message.from === undefined ||
    message.to === undefined ||
    message.cseq === undefined ||
    message.cseq.method !== message.method
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
