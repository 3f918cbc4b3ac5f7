// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Choices } from '../src/persona.ts';

/* Intended differences between our answers and the captured ones. docs/personas.md explains each reason. */

export interface Trade {
  /** How the names of the probes begin. */
  readonly probes: readonly string[];
  readonly fields: readonly string[];
  readonly why: string;
}

export interface Product {
  readonly persona: string;
  readonly file: string;
  readonly product: string;
  readonly allow: string;
  readonly realms?: Choices<string>;
  readonly trades: readonly Trade[];
}

/* Reasons of several products. */
const UNKNOWN_IS_404 =
  'An account or number that does not exist gets 404: tools that look for accounts give up where it is answered as the others are.';
const SCANS_GO_ON =
  'A scan hears 200 to OPTIONS for nobody in particular and for accounts, with everything that the product can: so it goes on.';
const CALLS_ARE_TAKEN =
  'Calls to numbers are taken, after the first were refused, and ring first: the number wanted is worth more than a challenge.';
const SUBSCRIBE_BY_ACCOUNT =
  'SUBSCRIBE is answered by account, as REGISTER is: Mr.SIP looks for accounts with it and reads 401, not 407.';
const ANSWERS_NEED_HEADERS =
  'Nothing is answered that lacks what an answer repeats: that ends loops.';
const ALLOW_IN_OPTIONS = 'Allow stands in the 200 to OPTIONS: nmap lists the methods from it.';
const LONG_NONCE =
  'Eight hexadecimal digits hold 32 bits, which is too little for a proof: the nonce has 24.';
const NMAP_WANTS_MD5 = 'algorithm=MD5, stands in the challenge: nmap dies without it.';
const NONCE_FOR_SIPPTS =
  'The nonce is no UUID, since sippts reads none with a hyphen; the realm is one of a list, as FreeSWITCH is set up with a name.';
const FREESWITCH_CHALLENGES =
  'The program that was captured accepts everything; FreeSWITCH challenges.';

const EACH_SOURCE_IS_ANSWERED =
  'The product takes the same request of another source for a repetition and answers the first; to send to who did not ask helps attackers.';

/* Reasons of what was captured over TCP. */
const NO_GUESTS_THERE =
  'The captured server had nothing for guests; ours answers as the one with guests did over UDP.';
const HELD_OVER_UDP =
  'The captured account was held by its registration over UDP, which the server keeps apart from TCP.';

/** The same over UDP and TCP. */
const KAMAILIO_TRADES: readonly Trade[] = [
  {
    probes: ['01-options-no-user'],
    fields: ['header order'],
    why: ALLOW_IN_OPTIONS,
  },
  {
    probes: [
      '02-options-known',
      '27-require-unknown-options',
      '28-via-other-host-no-rport',
      '28b-via-other-host-rport',
      '34-compact-reordered',
      '36-no-branch',
      '40-repeated-options',
      '40b',
    ],
    fields: ['status 200 for 407'],
    why: SCANS_GO_ON,
  },
  {
    probes: ['04-options-svmap'],
    fields: ['status 200 for silence'],
    why: SCANS_GO_ON,
  },
  {
    probes: ['03-options-unknown', '30-tel-uri'],
    fields: ['status 404 for 407'],
    why: UNKNOWN_IS_404,
  },
  {
    probes: ['06-register-unknown', '08-register-unknown-wrong-password'],
    fields: ['status 404 for 401'],
    why: UNKNOWN_IS_404,
  },
  {
    probes: [
      '05-register-known',
      '07-register-known-wrong-password',
      '09-register-known-invented-nonce',
      '41-repeated-register',
      '41b',
    ],
    fields: ['WWW-Authenticate'],
    why: NMAP_WANTS_MD5,
  },
  {
    probes: [
      '14-invite-known-from-known',
      '18b-bye-of-nothing-no-tag',
      '20-message',
      '21-publish',
      '22-refer',
      '24-foobar',
      '43-repeated-foobar',
      '43b',
    ],
    fields: ['Proxy-Authenticate'],
    why: NMAP_WANTS_MD5,
  },
  {
    probes: [
      '11-invite-number-from-unknown',
      '12-invite-number-from-known',
      '13-invite-known-from-unknown',
      '27b-require-unknown-invite',
      '31-body-unknown-type',
      '42-repeated-invite',
      '42b',
    ],
    fields: ['status 100 180 200 for 407'],
    why: CALLS_ARE_TAKEN,
  },
  {
    probes: ['19-subscribe', '19b-subscribe-from-known'],
    fields: ['status 401 for 407'],
    why: SUBSCRIBE_BY_ACCOUNT,
  },
];

export const PRODUCTS: readonly Product[] = [
  {
    persona: 'asterisk-pjsip',
    file: 'asterisk-chan-pjsip.txt',
    product: 'Asterisk PBX 22.10.1+dfsg+~cs6.17.60671434-1',
    allow:
      'OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, MESSAGE, INFO, REFER',
    realms: ['asterisk'],
    trades: [
      {
        probes: ['40b'],
        fields: ['status 200 for silence'],
        why: EACH_SOURCE_IS_ANSWERED,
      },
      {
        probes: ['42b'],
        fields: ['status 100 180 200 for silence'],
        why: EACH_SOURCE_IS_ANSWERED,
      },
      {
        probes: ['03-options-unknown'],
        fields: ['status 404 for 200'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['06-register-unknown', '08-register-unknown-wrong-password'],
        fields: ['status 404 for 403'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['04-options-svmap'],
        fields: ['status 200 for 401'],
        why: SCANS_GO_ON,
      },
      {
        probes: [
          '11-invite-number-from-unknown',
          '13-invite-known-from-unknown',
          '26b-max-forwards-0-invite',
          '42-repeated-invite',
        ],
        fields: ['status 100 180 200 for 100 200'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['12-invite-number-from-known'],
        fields: ['status 100 180 200 for 401'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['19-subscribe'],
        fields: ['status 401 for 404'],
        why: SUBSCRIBE_BY_ACCOUNT,
      },
    ],
  },
  {
    persona: 'asterisk',
    file: 'asterisk-chan-sip.txt',
    product: 'Asterisk PBX 16.28.0~dfsg-0+deb11u4',
    allow: 'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
    realms: ['asterisk'],
    trades: [
      {
        probes: ['01-options-no-user'],
        fields: ['status 200 for 404'],
        why: SCANS_GO_ON,
      },
      {
        probes: ['03-options-unknown'],
        fields: ['status 404 for 200'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['06-register-unknown'],
        fields: ['status 404 for 401'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['08-register-unknown-wrong-password'],
        fields: ['status 404 for 403'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: [
          '05-register-known',
          '09-register-known-invented-nonce',
          '14-invite-known-from-known',
          '19b-subscribe-from-known',
          '41-repeated-register',
          '41b',
        ],
        fields: ['WWW-Authenticate'],
        why: LONG_NONCE,
      },
      {
        probes: ['07-register-known-wrong-password'],
        fields: ['status 401 for 403'],
        why: 'A wrong password gets the next challenge instead of 403: one datagram a guess instead of two.',
      },
      {
        probes: [
          '11-invite-number-from-unknown',
          '13-invite-known-from-unknown',
          '26b-max-forwards-0-invite',
          '31-body-unknown-type',
          '42-repeated-invite',
          '42b',
        ],
        fields: ['status 100 180 200 for 100 200'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['12-invite-number-from-known'],
        fields: ['status 100 180 200 for 401'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['19-subscribe'],
        fields: ['status 401 for 404'],
        why: SUBSCRIBE_BY_ACCOUNT,
      },
      {
        probes: ['31-body-unknown-type'],
        fields: ['body'],
        why: 'A session with an audio line is offered where the call brought none.',
      },
      {
        probes: ['35-no-call-id'],
        fields: ['status silence for 400'],
        why: ANSWERS_NEED_HEADERS,
      },
    ],
  },
  {
    persona: 'kamailio',
    file: 'kamailio.txt',
    product: 'kamailio (5.6.3 (x86_64/linux))',
    allow:
      'INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE, INFO, REFER',
    trades: KAMAILIO_TRADES,
  },
  {
    persona: 'freeswitch',
    file: 'sofia-sip.txt',
    product: 'FreeSWITCH-mod_sofia/1.10.12-release~64bit',
    allow:
      'INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, MESSAGE, SUBSCRIBE, NOTIFY, REFER, UPDATE, REGISTER, INFO, PUBLISH',
    trades: [
      {
        probes: ['40b'],
        fields: ['status 200 for silence'],
        why: EACH_SOURCE_IS_ANSWERED,
      },
      {
        probes: ['41b'],
        fields: ['status 401 for silence'],
        why: EACH_SOURCE_IS_ANSWERED,
      },
      {
        probes: ['42b'],
        fields: ['status 100 180 200 for silence'],
        why: EACH_SOURCE_IS_ANSWERED,
      },
      {
        probes: ['43b'],
        fields: ['status 501 for silence'],
        why: EACH_SOURCE_IS_ANSWERED,
      },
      {
        probes: [
          '01-options-no-user',
          '02-options-known',
          '04-options-svmap',
          '26-max-forwards-0-options',
          '28-via-other-host-no-rport',
          '28b-via-other-host-rport',
          '36-no-branch',
          '40-repeated-options',
        ],
        fields: ['status 200 for 202'],
        why: SCANS_GO_ON,
      },
      {
        probes: ['34-compact-reordered'],
        fields: ['status 200 for 100 202'],
        why: SCANS_GO_ON,
      },
      {
        probes: ['03-options-unknown', '30-tel-uri'],
        fields: ['status 404 for 202'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['06-register-unknown', '08-register-unknown-wrong-password'],
        fields: ['status 404 for 401'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: [
          '05-register-known',
          '07-register-known-wrong-password',
          '09-register-known-invented-nonce',
          '41-repeated-register',
        ],
        fields: ['WWW-Authenticate'],
        why: NONCE_FOR_SIPPTS,
      },
      {
        probes: ['14-invite-known-from-known'],
        fields: ['Proxy-Authenticate'],
        why: NONCE_FOR_SIPPTS,
      },
      {
        probes: [
          '11-invite-number-from-unknown',
          '12-invite-number-from-known',
          '13-invite-known-from-unknown',
          '26b-max-forwards-0-invite',
          '42-repeated-invite',
        ],
        fields: ['status 100 180 200 for 100 407'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['14-invite-known-from-known'],
        fields: ['status 407 for 100 407'],
        why: 'No 100 before a challenge: Mr.SIP reads one datagram, and an unproved source gets one small answer.',
      },
      {
        probes: ['19-subscribe', '19b-subscribe-from-known'],
        fields: ['status 401 for 202'],
        why: SUBSCRIBE_BY_ACCOUNT,
      },
      {
        probes: ['20-message', '21-publish'],
        fields: ['status 407 for 202'],
        why: FREESWITCH_CHALLENGES,
      },
      {
        probes: ['22-refer'],
        fields: ['status 407 for 202 ip:'],
        why: FREESWITCH_CHALLENGES,
      },
      {
        probes: ['23a-info-of-nothing'],
        fields: ['status 481 for 202'],
        why: 'The program that was captured accepts everything; without a session FreeSWITCH knows no INFO.',
      },
      {
        probes: ['25-cseq-malformed'],
        fields: ['header order'],
        why: 'CSeq is repeated in every answer, also where the stack leaves it out.',
      },
      {
        probes: ['29-version-3'],
        fields: ['Via'],
        why: 'The port is filled in where it is asked for, whatever the version.',
      },
      {
        probes: ['31-body-unknown-type'],
        fields: ['status 415 for 100 407'],
        why: 'Nobody has seen what FreeSWITCH itself says of such a body; RFC 3261 says 415.',
      },
      {
        probes: ['35-no-call-id'],
        fields: ['status silence for 400'],
        why: ANSWERS_NEED_HEADERS,
      },
    ],
  },
  {
    persona: 'asterisk-pjsip',
    file: 'asterisk-chan-pjsip-tcp.txt',
    product: 'Asterisk PBX 22.10.1+dfsg+~cs6.17.60671434-1',
    allow:
      'OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, MESSAGE, INFO, REFER',
    realms: ['asterisk'],
    trades: [
      {
        probes: [
          '01-options-no-user',
          '02-options-known',
          '04-options-svmap',
          '26-max-forwards-0-options',
          '27-require-unknown-options',
          '28-via-other-host-no-rport',
          '28b-via-other-host-rport',
          '34-compact-reordered',
          '36-no-branch',
        ],
        fields: ['status 200 for 401'],
        why: SCANS_GO_ON,
      },
      {
        probes: [
          '03-options-unknown',
          '06-register-unknown',
          '08-register-unknown-wrong-password',
          '30-tel-uri',
        ],
        fields: ['status 404 for 401'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['10-register-known-right-password'],
        fields: ['status 200 for 403'],
        why: HELD_OVER_UDP,
      },
      {
        probes: [
          '11-invite-number-from-unknown',
          '12-invite-number-from-known',
          '13-invite-known-from-unknown',
          '26b-max-forwards-0-invite',
        ],
        fields: ['status 100 180 200 for 401'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['20-message'],
        fields: ['status 202 for 401'],
        why: NO_GUESTS_THERE,
      },
      {
        probes: ['21-publish'],
        fields: ['status 489 for 401'],
        why: NO_GUESTS_THERE,
      },
      {
        probes: ['22-refer', '24-foobar'],
        fields: ['status 501 for 401'],
        why: NO_GUESTS_THERE,
      },
      {
        probes: ['25b-cseq-other-method'],
        fields: ['status silence for 401'],
        why: NO_GUESTS_THERE,
      },
      {
        probes: ['27b-require-unknown-invite'],
        fields: ['status 420 for 401'],
        why: NO_GUESTS_THERE,
      },
      {
        probes: ['31-body-unknown-type'],
        fields: ['status 415 for 401'],
        why: NO_GUESTS_THERE,
      },
    ],
  },
  {
    persona: 'asterisk',
    file: 'asterisk-chan-sip-tcp.txt',
    product: 'Asterisk PBX 16.28.0~dfsg-0+deb11u4',
    allow: 'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
    realms: ['asterisk'],
    trades: [
      {
        probes: [
          '02-options-known',
          '04-options-svmap',
          '25b-cseq-other-method',
          '26-max-forwards-0-options',
          '27-require-unknown-options',
          '28-via-other-host-no-rport',
          '28b-via-other-host-rport',
          '34-compact-reordered',
          '36-no-branch',
        ],
        fields: ['status 200 for 404'],
        why: SCANS_GO_ON,
      },
      {
        probes: [
          '05-register-known',
          '07-register-known-wrong-password',
          '09-register-known-invented-nonce',
          '14-invite-known-from-known',
          '19b-subscribe-from-known',
        ],
        fields: ['WWW-Authenticate'],
        why: LONG_NONCE,
      },
      {
        probes: ['06-register-unknown', '08-register-unknown-wrong-password'],
        fields: ['status 404 for 401'],
        why: UNKNOWN_IS_404,
      },
      {
        probes: ['10-register-known-right-password'],
        fields: ['status 200 for 401'],
        why: HELD_OVER_UDP,
      },
      {
        probes: [
          '11-invite-number-from-unknown',
          '26b-max-forwards-0-invite',
          '31-body-unknown-type',
        ],
        fields: ['status 100 180 200 for 404'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['12-invite-number-from-known'],
        fields: ['status 100 180 200 for 401'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['13-invite-known-from-unknown'],
        fields: ['status 100 180 200 for 484'],
        why: CALLS_ARE_TAKEN,
      },
      {
        probes: ['19-subscribe'],
        fields: ['status 401 for 404'],
        why: SUBSCRIBE_BY_ACCOUNT,
      },
      {
        probes: ['20-message'],
        fields: ['status 202 for 404'],
        why: NO_GUESTS_THERE,
      },
      {
        probes: ['35-no-call-id'],
        fields: ['status silence for 400'],
        why: ANSWERS_NEED_HEADERS,
      },
    ],
  },
  {
    persona: 'kamailio',
    file: 'kamailio-tcp.txt',
    product: 'kamailio (5.6.3 (x86_64/linux))',
    allow:
      'INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE, INFO, REFER',
    trades: [
      ...KAMAILIO_TRADES,
      {
        probes: ['10-register-known-right-password'],
        fields: ['Contact'],
        why: HELD_OVER_UDP,
      },
    ],
  },
];
