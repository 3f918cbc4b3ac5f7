// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { KeyedHash } from '@sentrypeer/bytes';
import type { Choices, Persona } from './persona.ts';

/*
 * What the products say was taken from captures that their users published: product header, shape of tags,
 * Allow, Supported, Accept, kind of challenge. Liberties: algorithm always stands first and in capitals, and
 * the nonce is always hexadecimal, because attackers' tools read nothing else; PJSIP, FreeSWITCH and Cisco
 * offer qop only where the answer may be that long.
 */

const NO_REASONS: ReadonlyMap<number, string> = new Map();

/** `asterisk` is what nearly every Asterisk says; nobody looks at it twice. */
const ASTERISK_REALMS: Choices<string> = ['asterisk', 'asterisk', 'asterisk', 'pbx', 'voip', 'sip'];
const REALMS: Choices<string> = ['sip.local', 'voip.local', 'pbx.local', 'voice', 'sip', 'pbx'];

const CHAN_SIP_ALLOW: Choices<string> = [
  'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
  'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH',
];
const CHAN_SIP_REASONS: ReadonlyMap<number, string> = new Map([[501, 'Method Not Implemented']]);

const ASTERISK_CHAN_SIP: Persona = {
  name: 'asterisk',
  productHeader: 'Server',
  products: [
    'Asterisk PBX 13.38.3',
    'Asterisk PBX 16.2.1~dfsg-1+deb10u2',
    'Asterisk PBX 16.28.0~dfsg-0+deb11u3',
    'Asterisk PBX 16.28.0',
    'Asterisk PBX 18.10.0~dfsg+~cs6.10.40431411-2',
  ],
  productLast: false,
  tagShape: 'as-hex',
  realms: ASTERISK_REALMS,
  qop: false,
  nonceDigits: 24,
  inviteChallenge: 401,
  refusal: 404,
  allow: CHAN_SIP_ALLOW,
  supported: 'replaces, timer',
  accept: 'application/sdp',
  capabilitiesEverywhere: true,
  reasons: CHAN_SIP_REASONS,
  sdpOrigin: 'root',
  sdpSession: 'Asterisk PBX',
};

const FREEPBX: Persona = {
  ...ASTERISK_CHAN_SIP,
  name: 'freepbx',
  products: [
    'FPBX-12.0.70(13.7.2)',
    'FPBX-14.0.16.11(14.7.8)',
    'FPBX-15.0.16.81(16.13.0)',
    'FPBX-15.0.16.20(16.4.1)',
    'FPBX-16.0.33(18.13.0)',
  ],
  allow: [CHAN_SIP_ALLOW[0]],
};

const ASTERISK_PJSIP: Persona = {
  name: 'asterisk-pjsip',
  productHeader: 'Server',
  products: [
    'Asterisk PBX 16.28.0',
    'Asterisk PBX 18.9.0',
    'Asterisk PBX 18.16.0',
    'Asterisk PBX 20.5.0',
    'FPBX-15.0.16.81(16.13.0)',
    'FPBX-14.0.13.23(13.29.2)',
  ],
  productLast: true,
  tagShape: 'uuid',
  realms: ASTERISK_REALMS,
  qop: true,
  nonceDigits: 32,
  inviteChallenge: 401,
  refusal: 404,
  allow: [
    'OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, MESSAGE, REFER',
    'OPTIONS, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, REGISTER, REFER, MESSAGE',
  ],
  supported: '100rel, timer, replaces, norefersub',
  accept:
    'application/dialog-info+xml, application/simple-message-summary, application/pidf+xml, application/sdp, message/sipfrag;version=2.0',
  capabilitiesEverywhere: false,
  reasons: NO_REASONS,
  sdpOrigin: '-',
  sdpSession: 'Asterisk',
};

const FREESWITCH: Persona = {
  name: 'freeswitch',
  productHeader: 'User-Agent',
  products: [
    'FreeSWITCH-mod_sofia/1.10.1-release.3~64bit',
    'FreeSWITCH-mod_sofia/1.10.3-release.5~64bit',
    'FreeSWITCH-mod_sofia/1.10.3-release-15-129de34d84~64bit',
    'FreeSWITCH-mod_sofia/1.10.6-release~64bit',
    'FreeSWITCH-mod_sofia/1.10.12-release~a88d069d6f~64bit',
  ],
  productLast: false,
  tagShape: 'alphanumeric',
  realms: REALMS,
  qop: true,
  nonceDigits: 32,
  inviteChallenge: 407,
  refusal: 404,
  allow: [
    'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY, PUBLISH, SUBSCRIBE',
  ],
  supported: 'timer, path, replaces',
  accept: 'application/sdp',
  capabilitiesEverywhere: true,
  reasons: NO_REASONS,
  sdpOrigin: 'FreeSWITCH',
  sdpSession: 'FreeSWITCH',
};

const KAMAILIO: Persona = {
  name: 'kamailio',
  productHeader: 'Server',
  products: [
    'kamailio (5.2.3 (x86_64/linux))',
    'kamailio (5.3.3 (x86_64/linux))',
    'kamailio (5.5.2 (x86_64/linux))',
    'kamailio (5.6.3 (x86_64/linux))',
    'kamailio (5.7.4 (x86_64/linux))',
  ],
  productLast: true,
  tagShape: 'hash-dot-hex',
  realms: REALMS,
  qop: false,
  nonceDigits: 24,
  inviteChallenge: 407,
  refusal: 404,
  allow: [
    'INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE, INFO, REFER',
    'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, INFO, UPDATE',
  ],
  supported: 'path',
  accept: '*/*',
  capabilitiesEverywhere: false,
  reasons: new Map([[100, 'trying -- your call is important to us']]),
  sdpOrigin: '-',
  sdpSession: '-',
};

const OPENSIPS: Persona = {
  ...KAMAILIO,
  name: 'opensips',
  products: [
    'OpenSIPS (3.2.10 (x86_64/linux))',
    'OpenSIPS (3.3.3 (x86_64/linux))',
    'OpenSIPS (3.6.8 (x86_64/linux))',
  ],
  tagShape: 'hex-dot-hash',
  reasons: new Map([[100, 'Giving it a try']]),
};

const CISCO_IOS: Persona = {
  name: 'cisco',
  productHeader: 'Server',
  products: [
    'Cisco-SIPGateway/IOS-12.x',
    'Cisco-SIPGateway/IOS-15.2.4.M2',
    'Cisco-SIPGateway/IOS-15.2.4.M3',
    'Cisco-SIPGateway/IOS-15.3.3.M4',
    'Cisco-SIPGateway/IOS-16.6.1',
    'Cisco-SIPGateway/IOS-17.12.4',
  ],
  productLast: false,
  tagShape: 'upper-hex',
  realms: ['all', 'cisco', 'voip', 'cme'],
  qop: true,
  nonceDigits: 32,
  inviteChallenge: 401,
  refusal: 404,
  allow: [
    'INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY, INFO, REGISTER',
  ],
  supported: '100rel,resource-priority,replaces',
  accept: 'application/sdp',
  capabilitiesEverywhere: false,
  reasons: NO_REASONS,
  sdpOrigin: 'CiscoSystemsSIP-GW-UserAgent',
  sdpSession: 'SIP Call',
};

/** Every persona there is. */
const PERSONAS: Choices<Persona> = [
  ASTERISK_CHAN_SIP,
  FREEPBX,
  ASTERISK_PJSIP,
  FREESWITCH,
  KAMAILIO,
  OPENSIPS,
  CISCO_IOS,
];

/** The names by which a persona can be configured. */
export const personaNames: readonly string[] = PERSONAS.map((persona) => persona.name);

/** @param secret 32 octets of this node, always the same. */
export function choosePersona(secret: Uint8Array): Persona {
  return new KeyedHash(secret).pick('persona', PERSONAS);
}

export function personaByName(name: string): Persona | undefined {
  return PERSONAS.find((persona) => persona.name === name);
}
