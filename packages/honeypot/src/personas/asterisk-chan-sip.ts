// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Choices, Persona } from '../persona.ts';
import { ASTERISK_REALMS, BY_THE_BOOK, sameLayouts, USUAL_CHALLENGE } from './shared.ts';

/*
 * Asterisk with chan_sip, removed in Asterisk 21. Source: captures of Asterisk 16.28.0 of Debian 11 with a guest
 * context that accepts every number (test/corpus/personas/asterisk-chan-sip.txt), and for Allow of other versions
 * captures published by users.
 */

const ALLOW: Choices<string> = [
  'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
  'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH',
];

const USUAL = ['Server', 'Allow', 'Supported', 'own', 'body'];
const WITH_ACCEPT = ['Server', 'Allow', 'Supported', 'own', 'Accept'];

export const ASTERISK_CHAN_SIP: Persona = {
  ...BY_THE_BOOK,
  name: 'asterisk',
  productHeader: 'Server',
  products: [
    'Asterisk PBX 13.38.3',
    'Asterisk PBX 16.2.1~dfsg-1+deb10u2',
    'Asterisk PBX 16.28.0~dfsg-0+deb11u3',
    'Asterisk PBX 16.28.0~dfsg-0+deb11u4',
    'Asterisk PBX 16.28.0',
    'Asterisk PBX 18.10.0~dfsg+~cs6.10.40431411-2',
  ],
  tagShape: 'as-hex',
  shape: {
    order: ['Via', 'Record-Route', 'From', 'To', 'Call-ID', 'CSeq'],
    via: 'last',
    contentLength: 'plain',
  },
  layouts: { ...sameLayouts(USUAL), options: WITH_ACCEPT, method: WITH_ACCEPT },
  challenge: {
    ...USUAL_CHALLENGE,
    nonce: 'hex-24',
    realms: ASTERISK_REALMS,
    qop: false,
    staleForForeign: true,
  },
  allow: ALLOW,
  supported: 'replaces, timer',
  accept: 'application/sdp',
  reasons: new Map([
    [481, 'Call leg/transaction does not exist'],
    [501, 'Method Not Implemented'],
  ]),
  checks: {
    version: 'silence',
    cseqMalformed: { status: 400 },
    cseqMethod: 'ignored',
    hops: 'ignored',
    unknownMethod: { status: 501 },
    notAllowed: 'ignored',
    require: 'invite',
    extensionReason: 'Bad extension (unsupported)',
    extensionDate: true,
    strangeBody: 'ignored',
  },
  methods: {
    noDialog: new Map([
      ['NOTIFY', { status: 481, reason: 'Call/Transaction Does Not Exist' }],
      ['other', { status: 481 }],
    ]),
    noTag: 'as-no-dialog',
    deliver: new Map([
      ['MESSAGE', { status: 202 }],
      ['PUBLISH', { status: 489 }],
      ['REFER', { status: 603, reason: 'Declined (No dialog)' }],
    ]),
  },
  contactEverywhere: true,
  registered: ['Expires', 'Contact', 'Date'],
  connections: { answersPing: false, endsAtOnce: false },
  session: {
    origin: 'root',
    originOfOffer: false,
    name: 'Asterisk PBX {version}',
    attributes: ['a=maxptime:150'],
  },
};

/** FreePBX from the years in which chan_sip was its usual channel; it puts its own name before Asterisk's version. */
export const FREEPBX: Persona = {
  ...ASTERISK_CHAN_SIP,
  name: 'freepbx',
  products: [
    'FPBX-12.0.70(13.7.2)',
    'FPBX-14.0.16.11(14.7.8)',
    'FPBX-15.0.16.81(16.13.0)',
    'FPBX-15.0.16.20(16.4.1)',
    'FPBX-16.0.33(18.13.0)',
  ],
  allow: [ALLOW[0]],
};
