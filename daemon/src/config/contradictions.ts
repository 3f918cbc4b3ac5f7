// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { dirname } from 'node:path';
import type { Config, ConfigOrigins } from './config.ts';
import { suggestion } from './nearest.ts';
import { quoted, refusal } from './refusal.ts';
import { ENDPOINT_OPTIONS } from './webhook-options.ts';
import { keyOfLong, OPTION_ENTRIES, type ConfigKey } from './settings.ts';

/** Refuses settings that contradict each other, wherever each of them was made. */
export function refuseContradictions(config: Config, origins: ConfigOrigins): void {
  const set = (key: ConfigKey): boolean => origins[key].kind !== 'default';
  if (config.noSip && config.responsive) {
    throw refusal(
      `${origins.noSip.text} turns SIP off, but ${origins.responsive.text} answers it: leave one out`,
    );
  }
  if (config.noSip && !config.api && !config.peerToPeer && config.sipAgent === false) {
    throw refusal(
      `${origins.noSip.text} without the API leaves nothing to do: add --api, or --peer-to-peer for a node that only links others, or leave it out`,
    );
  }
  if (
    config.sipAgent !== false &&
    config.sipAgentDestination === undefined &&
    config.sipAgentRefusal === 404
  ) {
    throw refusal(
      `${origins.sipAgentRefusal.text}: without --sip-agent-destination every call gets 404, listed or not: ` +
        'give a destination, or refuse with another status',
    );
  }
  for (const key of [
    'tlsListenAddresses',
    'certFile',
    'keyFile',
    'sipAgentTlsAddresses',
  ] as const) {
    if (config.noTls && set(key)) {
      throw refusal(
        `${origins.noTls.text} turns TLS off, but ${origins[key].text} sets it up: leave one out`,
      );
    }
  }
  if (config.fleetHub && config.fleetAddress === undefined) {
    throw refusal(
      `${origins.fleetHub.text} takes what a fleet has, and none is named: add --fleet-file, or leave it out`,
    );
  }
  if (config.fleetFollower && config.fleetAddress === undefined) {
    throw refusal(
      `${origins.fleetFollower.text} follows a fleet, and none is named: add --fleet-file, or leave it out`,
    );
  }
  for (const key of ['fleetHub', 'fleetMessages'] as const) {
    if (config.fleetFollower && config[key]) {
      throw refusal(
        `${origins.fleetFollower.text} pushes nothing and judges nothing of others, but ${origins[key].text} does: leave one out`,
      );
    }
  }
  if (config.fleetMessages && config.fleetAddress === undefined) {
    throw refusal(
      `${origins.fleetMessages.text} pushes messages into a fleet, and none is named: add --fleet-file, or leave it out`,
    );
  }
  if (config.dhtAddresses !== 'all' && config.dhtAddresses.length > 2) {
    throw refusal(`${origins.dhtAddresses.text}: at most one address of IPv4 and one of IPv6`);
  }
  if (config.connectionsPerSourceMax > config.connectionsMax) {
    throw refusal(
      `--max-connections-per-source is ${config.connectionsPerSourceMax}, ` +
        `which is more than --max-connections, ${config.connectionsMax}: at most that many make sense`,
    );
  }
}

/**
 * Refuses a directory where a file is wanted, and a file whose directory does not exist; the file itself may be
 * created.
 */
export function refuseMissingDirectories(
  config: Config,
  origins: ConfigOrigins,
  sources: {
    directoryExists(path: string): boolean;
    fileExists(path: string): boolean;
  },
): void {
  const keys: readonly ('dbFile' | 'identityFile' | 'jsonLogFile' | 'dhtStateFile')[] = [
    'dbFile',
    'identityFile',
    ...(config.jsonLog ? (['jsonLogFile'] as const) : []),
    ...(config.peerToPeer ? (['dhtStateFile'] as const) : []),
  ];
  for (const key of keys) {
    const directory = dirname(config[key]);
    const { kind, text } = origins[key];
    const where = kind === 'default' ? `default of ${text}` : text;
    if (sources.fileExists(config[key]) && sources.directoryExists(config[key])) {
      throw refusal(`${where}: ${quoted(config[key])} is a directory: name a file in it`);
    }
    if (sources.directoryExists(directory)) continue;
    throw refusal(
      `${where}: there is no directory ${quoted(directory)} for ${quoted(config[key])}: create it first`,
    );
  }
}

/** Refuses a persona that does not exist. */
export function refuseUnknownPersona(
  config: Config,
  origins: ConfigOrigins,
  personaNames: readonly string[],
): void {
  const { persona } = config;
  const names = ['auto', ...personaNames];
  if (names.includes(persona)) return;
  throw refusal(
    `${origins.persona.text}: there is no persona ${quoted(persona)}` +
      (suggestion(persona, names) || `, there are ${names.join(', ')}`),
  );
}

/** Flags that have no effect because a switch is off. A file may hold such values for later. */
export function idleFlags(config: Config, origins: ConfigOrigins): readonly string[] {
  const warnings: string[] = [];
  for (const [key, { long }] of Object.entries(ENDPOINT_OPTIONS)) {
    const { kind, text } = origins[key as keyof typeof ENDPOINT_OPTIONS];
    const isIdle = kind === 'flag' && (config.webhookUrls ?? []).length === 0;
    if (isIdle)
      warnings.push(
        `${text} has no effect without --webhook-url: tables of the file have their own ${long}`,
      );
  }
  for (const [key, { needs }] of OPTION_ENTRIES) {
    if (needs === undefined || origins[key].kind !== 'flag') continue;
    const needed = keyOfLong(needs);
    if (needed !== undefined && config[needed] === false) {
      warnings.push(`${origins[key].text} has no effect without --${needs}`);
    }
  }
  return warnings;
}
