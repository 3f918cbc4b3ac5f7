// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv6 } from '@sentrypeer/ip';
import type { Config, ConfigOrigins } from './config.ts';
import { refusal } from './refusal.ts';
import type { ConfigKey } from './settings.ts';
import { formatListenAddress, type ListenAddress } from './value-types.ts';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

interface Listener extends ListenAddress {
  readonly key: ConfigKey;
}

/**
 * Refuses two options that would open the same TCP port: the daemon would find it taken by itself. This also covers
 * UDP, because everything that listens on UDP has the TCP port of the same number.
 */
export function refuseSharedPorts(config: Config, origins: ConfigOrigins): void {
  const listeners = listenersOf(config).filter(({ port }) => port !== 0);
  for (const [at, one] of listeners.entries()) {
    const other = listeners.slice(0, at).find((earlier) => overlap(earlier, one));
    if (other === undefined) continue;
    const named = ({ key }: Listener): string =>
      origins[key].kind === 'default' ? `the default of ${origins[key].text}` : origins[key].text;
    const { address, port } = WILDCARDS.has(one.address) ? other : one;
    const where = formatListenAddress({ address, port });
    throw refusal(
      one.key === other.key
        ? `${named(one)} opens TCP port ${where} twice: name it once`
        : `${named(one)} and ${named(other)} both open TCP port ${where}: give one of them another port or address`,
    );
  }
}

function listenersOf(config: Config): readonly Listener[] {
  const { sipPort, apiPort, dhtPort, sipAgent } = config;
  const at = (
    key: ConfigKey,
    addresses: 'all' | readonly string[],
    port: number,
  ): readonly Listener[] =>
    (addresses === 'all' ? [...WILDCARDS] : addresses).map((address) => ({ key, address, port }));
  const each = (key: ConfigKey, addresses: readonly ListenAddress[]): readonly Listener[] =>
    addresses.map((one) => ({ ...one, key }));
  return [
    ...(config.noSip ? [] : at('sipPort', config.sipAddresses, sipPort)),
    ...(config.noSip || config.noTls ? [] : each('tlsListenAddresses', config.tlsListenAddresses)),
    ...(sipAgent === false ? [] : each('sipAgent', sipAgent)),
    ...each('sipAgentTlsAddresses', config.sipAgentTlsAddresses),
    ...(config.api ? at('apiPort', [config.apiAddress], apiPort) : []),
    ...(config.peerToPeer ? at('dhtPort', config.dhtAddresses, dhtPort) : []),
  ];
}

/** Only within one family: whether a socket for all of IPv6 also covers IPv4 depends on the system. */
function overlap(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || isIpv6(one.address) !== isIpv6(other.address)) return false;
  return (
    one.address === other.address || WILDCARDS.has(one.address) || WILDCARDS.has(other.address)
  );
}
