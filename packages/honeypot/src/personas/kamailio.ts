// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Persona } from '../persona.ts';
import { BY_THE_BOOK, REALMS, sameLayouts, USUAL_CHALLENGE } from './shared.ts';

/*
 * Kamailio as its package configures it, with accounts. Source: captures of Kamailio 5.4.4, 5.6.3 and 6.1.5 of Debian;
 * the second is test/corpus/personas/kamailio.txt, and the others agree with it in everything used here.
 */

export const KAMAILIO: Persona = {
  ...BY_THE_BOOK,
  name: 'kamailio',
  productHeader: 'Server',
  products: [
    'kamailio (5.2.3 (x86_64/linux))',
    'kamailio (5.3.3 (x86_64/linux))',
    'kamailio (5.5.2 (x86_64/linux))',
    'kamailio (5.6.3 (x86_64/linux))',
    'kamailio (5.7.4 (x86_64/linux))',
    'kamailio (6.1.5 (x86_64/Linux))',
  ],
  tagShape: 'hash-dot-hex',
  shape: { order: 'as-in-request', via: 'in-place-both', contentLength: 'plain' },
  layouts: {
    ...sameLayouts(['own', 'body', 'Server']),
    // Kamailio does not send this, but nmap shows nothing else about a device that it finds.
    options: ['Allow', 'own', 'Server'],
  },
  challenge: {
    ...USUAL_CHALLENGE,
    nonce: 'base64',
    realms: REALMS,
    realmOfCaller: true,
    qop: false,
    repeated: false,
    invite: 407,
  },
  allow: [
    'INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE, INFO, REFER',
    'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, INFO, UPDATE',
  ],
  supported: 'path',
  accept: '*/*',
  reasons: new Map([
    [100, 'trying -- your call is important to us'],
    [483, 'Too Many Hops'],
  ]),
  checks: {
    version: 'silence',
    cseqMalformed: { status: 400, reason: 'CSeq number is illegal' },
    cseqMethod: { status: 400, reason: 'CSeq method does not match request method' },
    hops: { status: 483 },
    unknownMethod: 'challenge',
    notAllowed: 'ignored',
    require: 'never',
    extensionDate: false,
    strangeBody: 'ignored',
  },
  methods: {
    keepalive: 'Keepalive',
    noDialog: new Map<string, { status: number; reason: string } | 'silence'>([
      ['CANCEL', 'silence'],
      ['other', { status: 404, reason: 'Not here' }],
    ]),
    noTag: 'challenge',
    deliver: new Map(),
  },
  registered: ['Contact'],
  connections: { answersPing: true, endsAtOnce: true },
  session: { origin: '-', originOfOffer: false, name: '-', attributes: [] },
};
