// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { Honeypot, type HoneypotOptions, type HoneypotPorts } from './honeypot.ts';
export { type Persona } from './persona.ts';
export { choosePersona, personaByName, personaNames } from './personas.ts';
export { type DelayedReply, type Reaction, type Received } from './received.ts';
