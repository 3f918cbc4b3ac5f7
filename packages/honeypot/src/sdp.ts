// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { WornPersona } from './worn-persona.ts';

export interface SessionOptions {
  readonly worn: WornPersona;
  /** Our own address. */
  readonly address: string;
  /** Any number that stays the same for the call. */
  readonly sessionId: number;
  /** The offer in the INVITE, if there is one. */
  readonly offer: string | undefined;
  /** Leave out what static payload types do not need. */
  readonly lean: boolean;
}

/** The audio part of an offer, the only part that we would accept. */
interface AudioOffer {
  readonly payloads: readonly string[];
  readonly telephoneEvent: string | undefined;
}

const PCMU = '0';
const PCMA = '8';
/** The payload type that products give to RFC 4733 events in their own offers. */
const TELEPHONE_EVENT = '101';
const PAYLOADS_COUNT_MAX = 32;
/** The origin is the second line. */
const LINES_COUNT_MAX = 8;
/** Even ports from 10,000 on: where Asterisk and its like keep their media. Nothing listens there. */
const MEDIA_PORT_MIN = 10_000;
const MEDIA_PORTS_COUNT = 5000;

/** One audio line with G.711, as offer or as answer (RFC 3264 §6). No media is ever sent or received. */
export function sessionDescription(options: SessionOptions): string {
  const { worn, address, sessionId, lean } = options;
  const { session } = worn.persona;
  const { payloads, telephoneEvent } = chosen(options.offer);
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const port = MEDIA_PORT_MIN + 2 * (sessionId % MEDIA_PORTS_COUNT);
  const events = telephoneEvent === undefined || lean ? [] : [telephoneEvent];
  const lines = [
    'v=0',
    `o=${session.origin} ${idsOf(options)} IN ${family} ${address}`,
    `s=${worn.sessionName}`,
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${[...payloads, ...events].join(' ')}`,
  ];
  if (!lean) {
    for (const payload of payloads) {
      lines.push(`a=rtpmap:${payload} ${payload === PCMU ? 'PCMU' : 'PCMA'}/8000`);
    }
    for (const event of events) {
      lines.push(`a=rtpmap:${event} telephone-event/8000`, `a=fmtp:${event} 0-16`);
    }
    lines.push(...session.attributes, 'a=sendrecv');
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Session id and version: PJSIP copies those of the offer, and adds two to the version. */
function idsOf({ worn, sessionId, offer }: SessionOptions): string {
  const origin = worn.persona.session.originOfOffer ? originOf(offer ?? '') : undefined;
  return origin ?? `${sessionId} ${sessionId}`;
}

function originOf(offer: string): string | undefined {
  const line = offer.split('\n', LINES_COUNT_MAX).find((each) => each.startsWith('o='));
  const [, id = '', version = ''] = line?.trim().split(' ', 4) ?? [];
  if (!isShortNumber(id) || !isShortNumber(version)) return undefined;
  return `${id} ${Number(version) + 2}`;
}

/** RFC 4566 §5.2: both are numeric. Above fifteen digits they would not be exact. */
function isShortNumber(text: string): boolean {
  return text.length <= 15 && text === String(Number(text)) && Number(text) >= 0;
}

/** G.711 in the order of the offer; both laws if the offer has neither, so that the caller continues. */
function chosen(offer: string | undefined): AudioOffer {
  const both = [PCMU, PCMA];
  if (offer === undefined) return { payloads: both, telephoneEvent: TELEPHONE_EVENT };
  const audio = audioOffer(offer);
  const payloads = new Set(audio.payloads.filter((payload) => both.includes(payload)));
  return {
    payloads: payloads.size === 0 ? both : [...payloads],
    telephoneEvent: audio.telephoneEvent,
  };
}

function audioOffer(offer: string): AudioOffer {
  let payloads: readonly string[] = [];
  let telephoneEvent: string | undefined;
  for (const line of offer.split('\n')) {
    if (line.startsWith('m=audio ') && payloads.length === 0) {
      payloads = line.trim().split(' ', PAYLOADS_COUNT_MAX).slice(3);
    } else if (line.startsWith('a=rtpmap:') && line.includes('telephone-event/8000')) {
      telephoneEvent ??= line.slice('a=rtpmap:'.length).split(' ', 1)[0];
    }
  }
  const isOffered = isDynamicPayload(telephoneEvent) && payloads.includes(telephoneEvent);
  return { payloads, telephoneEvent: isOffered ? telephoneEvent : undefined };
}

/** A payload type from 96 to 127 and nothing else: the peer's text is written back. */
function isDynamicPayload(text: string | undefined): text is string {
  const type = Number(text);
  return type >= 96 && type <= 127 && text === String(type);
}
