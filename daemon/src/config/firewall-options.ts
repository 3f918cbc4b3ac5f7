// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Scope } from '@sentrypeer/firewall';
import type { PortRange } from '@sentrypeer/listings';
import { PORT_MAX, VALUES_COUNT_MAX } from '../limits.ts';
import { FIREWALL_CHANGES_MAX, FIREWALL_ENTRIES_MAX } from '../services/firewall/limits.ts';
import { nodeType } from './node-type.ts';
import { derivedOption, option } from './option.ts';
import { countType, networksType, pathType, switchType, type ValueType } from './value-types.ts';
import { choiceType, secretType } from './webhook-types.ts';

export const portsType: ValueType<readonly PortRange[]> = {
  placeholder: 'PORT',
  wanted: `a port from 1 to ${PORT_MAX} or a range of them, such as 5060 or 10000-20000`,
  toml: ['number', 'string'],
  repeatable: true,
  parse: (text) => {
    const ranges = text.split(',').map(parseRange);
    return ranges.every((range) => range !== undefined) && ranges.length <= VALUES_COUNT_MAX
      ? ranges
      : undefined;
  },
  format: (value) => value.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(','),
};

function parseRange(text: string): PortRange | undefined {
  const port = countType('PORT', 1, PORT_MAX);
  const parts = text.split('-').map((part) => port.parse(part));
  const [from, to] = parts.length === 1 ? [...parts, ...parts] : parts;
  if (from === undefined || to === undefined || parts.length > 2 || from > to) return undefined;
  return [from, to];
}

/** Options of `sentrypeer firewall`; part of the one table of options. The daemon does not use them. */
export const FIREWALL_OPTIONS = {
  firewallNode: derivedOption({
    group: 'firewall',
    long: 'firewall-node',
    type: nodeType,
    defaultText: 'the API of this machine, as --api-address and --api-port say',
    doc: 'Node whose listings are refused here.',
  }),
  firewallKey: derivedOption({
    group: 'firewall',
    long: 'firewall-key',
    type: secretType,
    defaultText: 'none',
    doc: 'Key with the role read for that node, if it wants one. Better set as a variable than as a flag.',
  }),
  firewallScope: option<Scope>({
    group: 'firewall',
    long: 'firewall-scope',
    type: choiceType<Scope>(['all', 'sip', 'mark']),
    defaultValue: 'all',
    doc: 'What is refused from a listed source: everything, only packets to SIP and media ports, or nothing (its packets are counted and get the mark 0x1000000, for your own rules).',
  }),
  firewallSipPorts: option<readonly PortRange[]>({
    group: 'firewall',
    long: 'firewall-sip-port',
    type: portsType,
    defaultValue: [[5060, 5061]],
    doc: 'SIP ports for --firewall-scope=sip.',
  }),
  firewallMediaPorts: option<readonly PortRange[]>({
    group: 'firewall',
    long: 'firewall-media-port',
    type: portsType,
    defaultValue: [[10_000, 20_000]],
    doc: 'Media (RTP) ports for --firewall-scope=sip and --firewall-keep-calls.',
  }),
  firewallKeepCalls: option({
    group: 'firewall',
    long: 'firewall-keep-calls',
    type: switchType,
    defaultValue: false,
    doc: 'Let media through that already flows in both directions when its source is listed, so that the call can end normally.',
  }),
  firewallKeepEntries: option({
    group: 'firewall',
    long: 'firewall-keep-entries',
    type: switchType,
    defaultValue: false,
    doc: 'Leave the table in the kernel at a stop; its entries expire by themselves.',
  }),
  firewallEntriesMax: option({
    group: 'firewall',
    long: 'firewall-entries-max',
    type: countType('COUNT', 1, FIREWALL_ENTRIES_MAX),
    unit: 'entries',
    defaultValue: 200_000,
    doc: 'Addresses and networks that are refused; any more are let through, and an alarm says so.',
  }),
  firewallChangesMax: option({
    group: 'firewall',
    long: 'firewall-changes-max',
    type: countType('COUNT', 1, FIREWALL_CHANGES_MAX),
    unit: 'entries per minute',
    defaultValue: 5000,
    doc: 'New entries that are added in a minute, after those of the start; any more wait, and an alarm says so. Removing has no limit.',
  }),
  firewallSpare: derivedOption({
    group: 'firewall',
    long: 'firewall-spare',
    type: networksType,
    defaultText: 'what docs/enforcement.md lists is always spared',
    mayBeEmpty: true,
    doc: 'Address or network that is never refused here, such as that of a trunk or of your office.',
  }),
  firewallSshPorts: option<readonly PortRange[]>({
    group: 'firewall',
    long: 'firewall-ssh-port',
    type: portsType,
    defaultValue: [[22, 22]],
    doc: 'SSH ports of this machine: those who are logged in there are never refused.',
  }),
  firewallRunDir: option({
    group: 'firewall',
    long: 'firewall-run-dir',
    type: pathType,
    defaultValue: '/run/sentrypeer-firewall',
    doc: 'Directory through which firewall status, confirm and flush reach the running firewall; made if it is missing.',
  }),
} as const;
