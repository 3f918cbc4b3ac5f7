// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { KeyedHash } from '@sentrypeer/bytes';
import type { Choices, Persona } from './persona.ts';
import { ASTERISK_CHAN_SIP, FREEPBX } from './personas/asterisk-chan-sip.ts';
import { ASTERISK_PJSIP } from './personas/asterisk-pjsip.ts';
import { CISCO_IOS } from './personas/cisco.ts';
import { FREESWITCH } from './personas/freeswitch.ts';
import { KAMAILIO } from './personas/kamailio.ts';
import { OPENSIPS } from './personas/opensips.ts';

/** All personas. */
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
