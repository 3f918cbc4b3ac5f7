// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatListenAddress, type ListenAddress } from '../config/value-types.ts';
import { BANNER_ADDRESSES_COUNT_MAX } from '../limits.ts';

type AgentLocals = Readonly<Record<'udp' | 'tcp' | 'tls', readonly ListenAddress[]>>;

/** What is open and where data goes, once everything has started. */
export interface StartupFacts {
  readonly version: string;
  readonly nodeId: string;
  /** For `kill`. */
  readonly processId: number;
  readonly responsive: boolean;
  /** The persona's name; `undefined` if nothing is answered. */
  readonly persona: string | undefined;
  /** Empty if that transport is off. */
  readonly udp: readonly ListenAddress[];
  readonly tcp: readonly ListenAddress[];
  readonly tls: readonly ListenAddress[];
  /** Where the SIP agent listens; `undefined` if it is off. */
  readonly agent: AgentLocals | undefined;
  /** Empty if nothing is shared. */
  readonly dht: readonly ListenAddress[];
  readonly api: ListenAddress | undefined;
  readonly dbFile: string;
  readonly jsonLogFile: string | undefined;
  /** As the operator wrote it; `undefined` if it is off. */
  readonly syslogTarget: string | undefined;
  /** Endpoints that events are posted to. */
  readonly webhookNames: readonly string[];
}

/** The few lines at start: what is open, where data goes, what to try next, how to stop. */
export function formatStartupBanner(facts: StartupFacts): string {
  const mode = facts.responsive ? `responsive, as ${facts.persona ?? 'a PBX'}` : 'passive';
  const lines = [`SentryPeer ${facts.version}, node ${facts.nodeId}`];
  if (sipIsOpen(facts)) {
    lines.push(
      entry('SIP', `${mode}${facts.responsive ? '' : ': records, never answers (-r does)'}`),
    );
  } else {
    lines.push(entry('SIP', 'off'));
  }
  for (const transport of ['udp', 'tcp', 'tls'] as const) {
    const addresses = facts[transport];
    if (addresses.length > 0) lines.push(entry(transport.toUpperCase(), addressList(addresses)));
  }
  if (facts.agent !== undefined) lines.push(entry('Agent', agentPlaces(facts.agent)));
  if (facts.dht.length > 0) {
    lines.push(entry('DHT', `${addressList(facts.dht)}, sharing with other nodes`));
  }
  lines.push(entry('API', facts.api === undefined ? 'off (-a opens it)' : apiUrl(facts.api, '/')));
  lines.push(entry('Data', dataPlaces(facts)));
  for (const [index, command] of tryNext(facts).entries()) {
    lines.push(entry(index === 0 ? 'Try' : '', command));
  }
  lines.push(entry('Stop', `Ctrl-C, or kill ${facts.processId}`));
  return `${lines.join('\n')}\n`;
}

/** What `-v` prints at start, like SentryPeer 4.x: the same words in the same order, for scripts that read them. */
export function formatVerboseStart(facts: {
  readonly nodeId: string;
  readonly api: boolean;
  readonly sip: boolean;
  readonly responsive: boolean;
  readonly peerToPeer: boolean;
}): string {
  const lines = [`SentryPeer node id: ${facts.nodeId}`, 'Starting sentrypeer...'];
  if (facts.api) lines.push('API mode enabled, starting http daemon...');
  if (facts.sip) lines.push('SIP mode enabled...');
  if (facts.responsive) {
    lines.push('SIP responsive mode enabled. Will reply to SIP probes...');
  }
  if (facts.peerToPeer) {
    lines.push(
      'Peer to Peer DHT mode enabled...',
      "DHT InfoHash for key 'bad_actors' is: 14d30143330e2e0e922ed4028a60ff96a59800ad",
      'Listening for changes to the bad_actors DHT key',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** What `-v` prints when the program is told to stop, and when it has stopped. */
export const VERBOSE_STOPPING = 'Stopping sentrypeer...\n';
export const VERBOSE_STOPPED = 'Stopped sentrypeer\n';

function entry(label: string, text: string): string {
  return `  ${label.padEnd(5)} ${text}`;
}

function sipIsOpen(facts: StartupFacts): boolean {
  return facts.udp.length + facts.tcp.length + facts.tls.length > 0;
}

function addressList(addresses: readonly ListenAddress[]): string {
  const named = addresses.slice(0, BANNER_ADDRESSES_COUNT_MAX).map(formatListenAddress);
  const more = addresses.length - named.length;
  return more === 0 ? named.join(', ') : `${named.join(', ')} and ${more} more`;
}

function agentPlaces(agent: AgentLocals): string {
  return (['udp', 'tcp', 'tls'] as const)
    .filter((transport) => agent[transport].length > 0)
    .map((transport) => `${transport.toUpperCase()} ${addressList(agent[transport])}`)
    .join(', ');
}

function dataPlaces(facts: StartupFacts): string {
  const places = [facts.dbFile];
  if (facts.jsonLogFile !== undefined) places.push(`JSON log ${facts.jsonLogFile}`);
  if (facts.syslogTarget !== undefined) places.push(`syslog ${facts.syslogTarget}`);
  for (const name of facts.webhookNames) places.push(`webhook ${name}`);
  return places.join(', ');
}

/** Commands to try from this machine, in a sensible order. */
function tryNext(facts: StartupFacts): readonly string[] {
  const commands: string[] = [];
  const near = reachable(facts.udp.map(fromHere));
  // Neither command takes an IPv6 address.
  if (near !== undefined && !near.address.includes(':')) {
    commands.push(`sipsak -vs sip:${formatListenAddress(near)}`);
    commands.push(`svmap -p ${near.port} ${near.address}`);
  }
  if (facts.api !== undefined) {
    commands.push(`curl ${apiUrl(facts.api, '/v1/addresses')}`);
    commands.push(`${apiUrl(facts.api, '/')} in a browser`);
  } else {
    commands.push(`sqlite3 ${facts.dbFile} 'SELECT source_ip, called_number FROM honey'`);
  }
  return commands;
}

/** An address for a trial from this machine: loopback if it is open, because it is answered. */
function reachable(addresses: readonly ListenAddress[]): ListenAddress | undefined {
  const loopback = addresses.find(({ address }) => address.startsWith('127.'));
  return loopback ?? addresses.find(({ address }) => address === '::1') ?? addresses[0];
}

function apiUrl(api: ListenAddress, path: string): string {
  return `http://${formatListenAddress(fromHere(api))}${path}`;
}

/** This machine reaches a listener on all addresses through loopback. */
function fromHere({ address, port }: ListenAddress): ListenAddress {
  if (address === '0.0.0.0') return { address: '127.0.0.1', port };
  return { address: address === '::' ? '::1' : address, port };
}
