// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { USUAL_SHAPE } from '@sentrypeer/sip';
import type { Choices, Layout, Persona } from '../persona.ts';

/** Nearly every Asterisk uses `asterisk`; it attracts no attention. */
export const ASTERISK_REALMS: Choices<string> = [
  'asterisk',
  'asterisk',
  'asterisk',
  'pbx',
  'voip',
  'sip',
];
export const REALMS: Choices<string> = [
  'sip.local',
  'voip.local',
  'pbx.local',
  'voice',
  'sip',
  'pbx',
];

/** One layout for all answers. */
export function sameLayouts(layout: Layout): Persona['layouts'] {
  return {
    usual: layout,
    trying: layout,
    options: layout,
    call: layout,
    invite: layout,
    extension: layout,
    method: layout,
    stack: layout,
  };
}

/** The behaviour of RFC 3261, for products of which no more is known: each persona names its differences. */
export const BY_THE_BOOK = {
  tagOutsideDialogs: 'hashed',
  shape: USUAL_SHAPE,
  otherHeaders: new Map(),
  reasons: new Map(),
  checks: {
    version: { status: 505 },
    cseqMalformed: { status: 400 },
    cseqMethod: { status: 400 },
    hops: 'ignored',
    unknownMethod: { status: 501 },
    notAllowed: 405,
    require: 'all',
    extensionDate: false,
    strangeBody: 415,
  },
  methods: {
    noDialog: new Map([['other', { status: 481 }]]),
    noTag: 'as-no-dialog',
    deliver: new Map(),
  },
  contactEverywhere: false,
  contactUser: true,
  registered: ['Contact', 'Date'],
  registeredSecondsGone: 0,
  connections: { answersPing: true, endsAtOnce: false },
} as const satisfies Partial<Persona>;

/** A challenge as most products write it, with our own nonce. */
export const USUAL_CHALLENGE = {
  form: 'algorithm-first',
  nonce: 'hex-32',
  realms: REALMS,
  realmOfCaller: false,
  qop: true,
  opaque: false,
  staleForForeign: false,
  repeated: true,
  invite: 401,
} as const satisfies Persona['challenge'];
