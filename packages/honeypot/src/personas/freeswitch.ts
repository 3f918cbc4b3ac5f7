// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Persona } from '../persona.ts';
import { BY_THE_BOOK, REALMS, sameLayouts, USUAL_CHALLENGE } from './shared.ts';

/*
 * FreeSWITCH. Source: captures of its stack, sofia-sip 1.12.11, for orders, phrases and errors
 * (test/corpus/personas/sofia-sip.txt); captures published by users of mod_sofia for product, Allow and challenge
 * (miconda/sipexer#1: the nonce is a UUID, and the algorithm follows it).
 */

const USUAL = ['User-Agent', 'Accept', 'Allow', 'Supported', 'own', 'body'];

export const FREESWITCH: Persona = {
  ...BY_THE_BOOK,
  name: 'freeswitch',
  productHeader: 'User-Agent',
  products: [
    'FreeSWITCH-mod_sofia/1.10.1-release.3~64bit',
    'FreeSWITCH-mod_sofia/1.10.3-release.5~64bit',
    'FreeSWITCH-mod_sofia/1.10.3-release-15-129de34d84~64bit',
    'FreeSWITCH-mod_sofia/1.10.6-release~64bit',
    'FreeSWITCH-mod_sofia/1.10.12-release~64bit',
    'FreeSWITCH-mod_sofia/1.10.12-release~a88d069d6f~64bit',
  ],
  tagShape: 'alphanumeric',
  shape: {
    order: ['Via', 'From', 'To', 'Call-ID', 'CSeq'],
    via: 'in-place-other-host',
    contentLength: 'plain',
  },
  layouts: {
    ...sameLayouts(USUAL.filter((name) => name !== 'Accept')),
    trying: ['User-Agent'],
    options: ['own', 'User-Agent', 'Accept', 'Allow', 'Supported', 'Allow-Events'],
    call: ['own', 'User-Agent', 'Allow', 'Supported', 'Allow-Events', 'body'],
    invite: ['User-Agent', 'Allow', 'Supported', 'Allow-Events', 'own'],
    stack: [],
  },
  challenge: {
    ...USUAL_CHALLENGE,
    form: 'algorithm-behind-nonce',
    // The product uses a UUID; sippts cannot read a nonce with a hyphen.
    nonce: 'hex-32',
    realms: REALMS,
    invite: 407,
  },
  allow: [
    'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY, PUBLISH, SUBSCRIBE',
  ],
  supported: 'timer, path, replaces',
  accept: 'application/sdp',
  otherHeaders: new Map([['Allow-Events', 'talk, hold, presence']]),
  checks: {
    ...BY_THE_BOOK.checks,
    version: { status: 505 },
    cseqMalformed: { status: 400, reason: 'Bad CSeq Header' },
    notAllowed: 'ignored',
  },
  methods: {
    noDialog: new Map([
      ['CANCEL', { status: 481 }],
      ['PRACK', { status: 481, reason: 'No such response' }],
      ['other', { status: 481, reason: 'Call Does Not Exist' }],
    ]),
    noTag: 'as-no-dialog',
    deliver: new Map(),
  },
  reasons: new Map([[505, 'Version Not Supported']]),
  contactEverywhere: true,
  session: { origin: 'FreeSWITCH', originOfOffer: false, name: 'FreeSWITCH', attributes: [] },
};
