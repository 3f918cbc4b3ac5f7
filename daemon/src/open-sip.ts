// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { choosePersona } from '@sentrypeer/honeypot';
import type { Logger } from '@sentrypeer/kernel';
import {
  assertPortFree,
  ensureCertificate,
  hasSocketTables,
  machineAddresses,
  machineHasIpv6,
  reusePortWorks,
} from '@sentrypeer/net';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/value-types.ts';
import type { Identity } from './identity.ts';
import { SOCKETS_PER_ADDRESS_COUNT } from './limits.ts';
import type { SipServiceOptions } from './services/sip-service.ts';

/** What to open for SIP, and which persona it shows. */
export interface SipPlan {
  readonly persona: string;
  readonly options: SipServiceOptions;
}

interface Ports {
  readonly identity: Identity;
  readonly logger: Logger;
}

/**
 * Prepares what the SIP ports need before they open: a persona, a certificate, and that the ports are free. Throws
 * `OperatingError`; nothing is open yet.
 */
export async function prepareSip(ports: Ports, config: Config): Promise<SipPlan> {
  const { identity, logger } = ports;
  const persona = await personaOf(identity, config);
  const { tcp, tls } = streamAddresses(config);
  const certificate =
    tls.length === 0
      ? undefined
      : await ensureCertificate({ certPath: config.certFile, keyPath: config.keyFile });
  if (certificate?.made === true) logger.info('certificate_made', { file: config.certFile });
  await assertPortsFree(config, tcp, tls);
  const reusePort = await reusePortWorks();
  if (!reusePort) logger.info('one_listener', { reason: 'this system does not share a port' });
  const options: SipServiceOptions = {
    nodeId: identity.nodeId,
    responsive: config.responsive,
    persona,
    secrets: {
      tag: identity.secret('to tag'),
      nonce: identity.secret('nonce'),
      policy: identity.secret('policy'),
    },
    foldWindowMs: config.foldWindowSeconds * 1000,
    udpAddresses: config.sipAddresses,
    udpPorts: udpPorts(config),
    socketsPerAddress: reusePort ? SOCKETS_PER_ADDRESS_COUNT : 1,
    tcp,
    tls,
    certificate,
    reusePort,
    connectionLimits: { max: config.connectionsMax, perSourceMax: config.connectionsPerSourceMax },
    replyLimits: {
      perSourcePerSecond: config.replyRatePerSecond,
      perSourceBurst: config.replyBurstCount,
      octetsPerSecond: config.replyOctetsPerSecond,
    },
    countsKernelDrops: hasSocketTables(),
    threadsCount: reusePort ? Math.max(1, config.threads - 1) : 1,
  };
  return { options, persona };
}

/** The persona that was configured, or the one that this node chose at its first start. */
async function personaOf(identity: Identity, config: Config): Promise<string> {
  if (config.persona !== 'auto') return config.persona;
  if (identity.personaName !== undefined) return identity.personaName;
  const { name } = choosePersona(identity.secret('persona'));
  await identity.setPersona(name);
  return name;
}

function streamAddresses(config: Config): {
  readonly tcp: readonly ListenAddress[];
  readonly tls: readonly ListenAddress[];
} {
  const addresses = config.sipAddresses === 'all' ? ['0.0.0.0', '::'] : config.sipAddresses;
  const tcp = addresses.map((address) => ({ address, port: config.sipPort }));
  const tls = config.noTls ? [] : config.tlsListenAddresses;
  // On a machine without IPv6, "all of IPv6" is empty, and not an error.
  const possible = ({ address }: ListenAddress): boolean => address !== '::' || machineHasIpv6();
  return { tcp: tcp.filter(possible), tls: tls.filter(possible) };
}

/**
 * The SIP port, and the TLS ports: many scanners send SIP over UDP to 5061. A TLS port chosen by the system is known to
 * nobody, so it is not opened for UDP.
 */
function udpPorts(config: Config): readonly number[] {
  const tls = config.noTls ? [] : config.tlsListenAddresses.map(({ port }) => port);
  return [...new Set([config.sipPort, ...tls.filter((port) => port !== 0)])];
}

/** The threads will share their ports, and would also share them with a stranger. */
async function assertPortsFree(
  config: Config,
  tcp: readonly ListenAddress[],
  tls: readonly ListenAddress[],
): Promise<void> {
  const udp =
    config.sipAddresses === 'all'
      ? machineAddresses().filter(({ zone }) => zone === undefined)
      : config.sipAddresses.map((address) => ({ address }));
  for (const port of udpPorts(config)) {
    for (const { address } of udp) await assertPortFree({ transport: 'UDP', address, port });
  }
  for (const { address, port } of [...tcp, ...tls]) {
    await assertPortFree({ transport: 'TCP', address, port });
  }
}
