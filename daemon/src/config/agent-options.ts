// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parseDestination, REFUSALS, type Refusal } from '@sentrypeer/redirect';
import { derivedOption, option } from './option.ts';
import {
  listenAddressesType,
  networksType,
  switchType,
  type ListenAddress,
  type ValueType,
} from './value-types.ts';

/** Where the agent listens by default. Chosen: next to the SIP ports, which the honeypot uses. */
const ADDRESS: ListenAddress = { address: '127.0.0.1', port: 5062 };

/** Off, on at the default address, or on at other addresses. */
const agentType: ValueType<false | readonly ListenAddress[]> = {
  placeholder: '[ADDRESS:PORT]',
  wanted: `off, on (at ${listenAddressesType.format([ADDRESS])}), or ADDRESS:PORT such as 192.0.2.1:5062 or [::1]:5062`,
  toml: ['boolean', 'string'],
  repeatable: true,
  parse: (text) => {
    const on = switchType.parse(text);
    if (on === undefined) return listenAddressesType.parse(text);
    return on && [ADDRESS];
  },
  format: (value) => (value === false ? 'off' : listenAddressesType.format(value)),
};

const refusalType: ValueType<Refusal> = {
  placeholder: 'STATUS',
  wanted: REFUSALS.join(', ').replace(/, (\d+)$/, ' or $1'),
  toml: ['number'],
  repeatable: false,
  parse: (text) => REFUSALS.find((status) => String(status) === text.trim()),
  format: String,
};

const WATCH = ['pass', 'refuse'] as const;

const watchType: ValueType<(typeof WATCH)[number]> = {
  placeholder: 'ACTION',
  wanted: 'pass or refuse',
  toml: ['string'],
  repeatable: false,
  parse: (text) => WATCH.find((one) => one === text.trim()),
  format: (value) => value,
};

const destinationType: ValueType<string> = {
  placeholder: 'URI',
  wanted:
    'a SIP URI with {number} (as dialled) or {e164} (with its plus, where understood) as its user, such as sip:{number}@192.0.2.10:5060',
  toml: ['string'],
  repeatable: false,
  parse: (text) => parseDestination(text.trim())?.template,
  format: (value) => value,
};

/** The SIP agent; part of the one table of options. */
export const AGENT_OPTIONS = {
  sipAgent: option<false | readonly ListenAddress[]>({
    group: 'agent',
    long: 'sip-agent',
    type: agentType,
    bare: 'on',
    defaultValue: false,
    doc: 'Answer a PBX or proxy that asks where to send its calls, over UDP and TCP; listed calls are refused.',
  }),
  sipAgentTlsAddresses: derivedOption({
    group: 'agent',
    long: 'sip-agent-tls',
    type: listenAddressesType,
    defaultText: 'the port after that of --sip-agent, on the same address',
    needs: 'sip-agent',
    doc: 'Address and port for the agent over TLS, with --cert and --key.',
  }),
  sipAgentPeers: derivedOption({
    group: 'agent',
    long: 'sip-agent-peer',
    type: networksType,
    defaultText: 'this machine: 127.0.0.0/8, ::1 and its own addresses',
    needs: 'sip-agent',
    doc: 'Addresses that may ask the agent; others get no answer, and the log says so once a minute.',
  }),
  sipAgentDestination: derivedOption({
    group: 'agent',
    long: 'sip-agent-destination',
    type: destinationType,
    defaultText: 'none: calls that are not listed get 404, and the asker tries its next route',
    needs: 'sip-agent',
    doc: 'Where to redirect calls that are not listed (302).',
  }),
  sipAgentRefusal: derivedOption({
    group: 'agent',
    long: 'sip-agent-refusal',
    type: refusalType,
    defaultText: '404; 603 without --sip-agent-destination',
    needs: 'sip-agent',
    doc: 'Status for calls and registrations that are listed.',
  }),
  sipAgentWatch: option<(typeof WATCH)[number]>({
    group: 'agent',
    long: 'sip-agent-watch',
    type: watchType,
    defaultValue: 'pass',
    needs: 'sip-agent',
    doc: 'What to do with calls that are only watched: pass them with a header that says so, or refuse them.',
  }),
} as const;
