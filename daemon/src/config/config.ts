// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { dirname, join } from 'node:path';
import type { WebhookOptions } from '@sentrypeer/delivery';
import type { FleetAddress } from '@sentrypeer/fleet';
import type { Refusal } from '@sentrypeer/redirect';
import type { BgpConfig } from './bgp-table.ts';
import { PORT_MAX, THREADS_MAX } from '../limits.ts';
import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';
import type { ConfigKey, Origin } from './settings.ts';
import type { ListenAddress } from './value-types.ts';

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** A value for each option of the table, before defaults that depend on others are worked out. */
export type OptionValues = { readonly [K in ConfigKey]: ValueOf<(typeof OPTIONS)[K]> };

/** Everything that can be configured, each with a value; the table explains what a value means and its unit. */
export interface Config extends OptionValues {
  readonly tlsListenAddresses: readonly ListenAddress[];
  readonly certFile: string;
  readonly keyFile: string;
  readonly identityFile: string;
  readonly dhtStateFile: string;
  readonly threads: number;
  readonly countryFile: string;
  /** All endpoints that events are posted to. */
  readonly webhooks: readonly WebhookOptions[];
  /** `undefined` if the file has no `[bgp]`. */
  readonly bgp: BgpConfig | undefined;
  /** The fleet's database, from `--fleet` or `--fleet-file`; `undefined` if neither is given. */
  readonly fleetAddress: FleetAddress | undefined;
  /** Empty if the agent is off, or TLS is. */
  readonly sipAgentTlsAddresses: readonly ListenAddress[];
  readonly sipAgentRefusal: Refusal;
}

/** Where each value of a {@link Config} came from, for messages about it. */
export type ConfigOrigins = { readonly [K in ConfigKey]: Origin };

/** Port of SIP over TLS, RFC 3261 §19.1.2. */
const TLS_PORT = 5061;

/** @param machine.coresCount Cores that this process may use. */
export function completeConfig(
  values: OptionValues,
  machine: { readonly coresCount: number; throughLinks(path: string): string },
  tables: Pick<Config, 'webhooks' | 'bgp' | 'fleetAddress'>,
): Config {
  const directory = dirname(values.dbFile);
  const { sipAddresses } = values;
  const isSmall = values.profile === 'small';
  const tlsAddresses = sipAddresses === 'all' ? ['0.0.0.0', '::'] : sipAddresses;
  return Object.freeze({
    ...values,
    // SQLite keeps the log of a database and its index next to the file itself, not next to a link to it; so do we.
    dbFile: machine.throughLinks(values.dbFile),
    tlsListenAddresses:
      values.tlsListenAddresses ?? tlsAddresses.map((address) => ({ address, port: TLS_PORT })),
    certFile: values.certFile ?? join(directory, 'cert.pem'),
    keyFile: values.keyFile ?? join(directory, 'key.pem'),
    identityFile: values.identityFile ?? join(directory, 'sentrypeer-identity.json'),
    ...tables,
    sipAgentTlsAddresses: agentTlsAddresses(values),
    sipAgentRefusal: values.sipAgentRefusal ?? (values.sipAgentDestination ? 404 : 603),
    dhtStateFile: values.dhtStateFile ?? join(directory, 'sentrypeer-dht.json'),
    threads:
      values.threads ?? (isSmall ? 1 : Math.min(Math.max(machine.coresCount, 1), THREADS_MAX)),
    countryFile: values.countryFile ?? (isSmall ? 'none' : 'built-in'),
  });
}

/**
 * The port after the agent's, as SIP over TLS has the port after that of SIP; a port that the system chooses has no
 * port after it.
 */
function agentTlsAddresses(values: OptionValues): readonly ListenAddress[] {
  const { sipAgent, sipAgentTlsAddresses, noTls } = values;
  if (sipAgent === false || noTls) return [];
  if (sipAgentTlsAddresses !== undefined) return sipAgentTlsAddresses;
  return sipAgent
    .filter(({ port }) => port < PORT_MAX)
    .map(({ address, port }) => ({ address, port: port === 0 ? 0 : port + 1 }));
}
