// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Persona } from '../persona.ts';
import { ASTERISK_REALMS, BY_THE_BOOK, sameLayouts, USUAL_CHALLENGE } from './shared.ts';

/*
 * Asterisk with chan_pjsip. Source: captures of Asterisk 22.10.1 of Debian sid with an endpoint for anonymous callers
 * whose context accepts every number (test/corpus/personas/asterisk-chan-pjsip.txt); its Allow is the second below.
 */

const LAST = ['own', 'body', 'Server'];

export const ASTERISK_PJSIP: Persona = {
  ...BY_THE_BOOK,
  name: 'asterisk-pjsip',
  productHeader: 'Server',
  products: [
    'Asterisk PBX 16.28.0',
    'Asterisk PBX 18.9.0',
    'Asterisk PBX 18.16.0',
    'Asterisk PBX 20.5.0',
    'Asterisk PBX 22.10.1+dfsg+~cs6.17.60671434-1',
    'FPBX-15.0.16.81(16.13.0)',
    'FPBX-14.0.13.23(13.29.2)',
  ],
  tagShape: 'uuid',
  tagOutsideDialogs: 'branch',
  shape: {
    order: ['Via', 'Record-Route', 'Call-ID', 'From', 'To', 'CSeq'],
    via: 'first',
    contentLength: 'columns',
  },
  layouts: {
    ...sameLayouts(LAST),
    options: [
      'Accept',
      'Allow',
      'Supported',
      'Accept-Encoding',
      'Accept-Language',
      'own',
      'Server',
    ],
    call: ['Server', 'own', 'Allow', 'Supported', 'body'],
    extension: ['own', 'Supported', 'Server'],
  },
  challenge: {
    ...USUAL_CHALLENGE,
    form: 'without-blanks',
    nonce: 'unix-time',
    realms: ASTERISK_REALMS,
    opaque: true,
    staleForForeign: true,
    repeated: false,
  },
  allow: [
    'OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, MESSAGE, REFER',
    'OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, MESSAGE, INFO, REFER',
  ],
  supported: '100rel, timer, replaces, norefersub',
  accept:
    'application/sdp, application/simple-message-summary, application/pidf+xml, application/xpidf+xml, application/cpim-pidf+xml, application/dialog-info+xml, application/simple-message-summary, application/pidf+xml, application/dialog-info+xml, message/sipfrag;version=2.0',
  otherHeaders: new Map([
    ['Accept-Encoding', 'identity'],
    ['Accept-Language', 'en'],
  ]),
  checks: {
    version: 'silence',
    cseqMalformed: 'silence',
    cseqMethod: 'silence',
    hops: 'ignored',
    unknownMethod: { status: 501 },
    notAllowed: 'ignored',
    require: 'invite',
    extensionDate: false,
    strangeBody: 415,
  },
  methods: {
    noDialog: new Map([['other', { status: 481 }]]),
    noTag: 'as-no-dialog',
    deliver: new Map([
      ['MESSAGE', { status: 202 }],
      ['PUBLISH', { status: 489 }],
      ['REFER', { status: 501 }],
    ]),
  },
  contactUser: false,
  registered: ['Date', 'Contact', 'Expires'],
  registeredSecondsGone: 1,
  connections: { answersPing: false, endsAtOnce: false },
  session: {
    origin: '-',
    originOfOffer: true,
    name: 'Asterisk',
    attributes: ['a=ptime:20', 'a=maxptime:140'],
  },
};
