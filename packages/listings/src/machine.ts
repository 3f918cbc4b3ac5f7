// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { endianness, networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { IPV4_OFFSET_BITS, isIpv4, parseIp, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { addressOfWords, ConnectionAges, parseConnections } from './connections.ts';
import {
  NEIGHBOURS_IPV4_LENGTH_MIN,
  NEIGHBOURS_IPV6_LENGTH_MIN,
  SESSIONS_COUNT_MAX,
  SYSTEM_FILE_OCTETS_MAX,
} from './limits.ts';
import type { SparedNetwork } from './spared.ts';

/** A port, or the first and last of a range. */
export type PortRange = readonly [from: number, to: number];

/** What this machine reveals about itself. */
export interface MachinePorts {
  /** The text of a file; empty if it cannot be read. */
  readonly readFile: (path: string) => string;
  readonly listDirectory: (path: string) => readonly string[];
  readonly interfaces: () => Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
  readonly isLittleEndian: boolean;
}

export interface MachineOptions {
  /** The variable SSH_CONNECTION; empty if this program was not started in a session. */
  readonly sshConnection: string;
  readonly sshPorts: readonly PortRange[];
  /** Port of the API on this machine, whose clients are spared; `undefined` if it answers only this machine. */
  readonly apiPort: number | undefined;
}

const SESSIONS = '/run/systemd/sessions';
const RESOLVERS = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The addresses on the network that this machine needs. */
export class Machine {
  readonly #ports: MachinePorts;
  readonly #options: MachineOptions;
  readonly #ssh = new ConnectionAges();
  readonly #api = new ConnectionAges();

  constructor(ports: MachinePorts, options: MachineOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** @param nowMs Monotonic milliseconds. */
  spared(nowMs: number): readonly SparedNetwork[] {
    return [
      ...this.#sessions(),
      ...this.#clients(nowMs),
      ...this.#own(),
      ...this.#gateways(),
      ...this.#nameServers(),
    ];
  }

  /** This program's session, and all sessions of systemd-logind. */
  #sessions(): readonly SparedNetwork[] {
    const [here = ''] = this.#options.sshConnection.split(' ');
    const names = this.#ports.listDirectory(SESSIONS).slice(0, SESSIONS_COUNT_MAX);
    const hosts = names.flatMap((name) =>
      this.#lines(`${SESSIONS}/${name}`).flatMap((line) =>
        line.startsWith('REMOTE_HOST=') ? [line.slice('REMOTE_HOST='.length)] : [],
      ),
    );
    return [
      ...one(here, 'this SSH session comes from it'),
      ...hosts.flatMap((host) => one(host, 'somebody who has logged in comes from it')),
    ];
  }

  #clients(nowMs: number): readonly SparedNetwork[] {
    const { sshPorts, apiPort } = this.#options;
    const all = ['tcp', 'tcp6'].flatMap((name) =>
      parseConnections(this.#ports.readFile(`/proc/self/net/${name}`), this.#ports.isLittleEndian),
    );
    const ssh = all.filter(({ localPort }) =>
      sshPorts.some(([from, to]) => from <= localPort && localPort <= to),
    );
    const api = all.filter(({ localPort }) => localPort === apiPort);
    return [
      ...this.#ssh
        .lasting(ssh, nowMs)
        .map((each) => [each, 'an SSH session comes from it'] as const),
      ...this.#api.lasting(api, nowMs).map((each) => [each, 'it is a client of the API'] as const),
    ].flatMap(([{ remoteAddress }, why]) => one(remoteAddress, why));
  }

  /** Addresses of this machine, and its neighbours if their network is small. */
  #own(): readonly SparedNetwork[] {
    return Object.entries(this.#ports.interfaces()).flatMap(([name, addresses = []]) =>
      addresses.flatMap(({ address, cidr }) => {
        const network = parsePrefix(cidr ?? address, { cut: true });
        return [
          ...one(address, 'it is an address of this machine'),
          ...(network !== undefined && isSmall(network)
            ? [{ prefix: network, why: `it is in the network of ${name}` }]
            : []),
        ];
      }),
    );
  }

  #gateways(): readonly SparedNetwork[] {
    const four = this.#lines('/proc/self/net/route').map((line) =>
      addressOfWords(line.split('\t')[2] ?? '', this.#ports.isLittleEndian),
    );
    const six = this.#lines('/proc/self/net/ipv6_route').map((line) =>
      addressOfWords(line.split(' ')[4] ?? '', false),
    );
    return [...four, ...six]
      .filter((address) => address !== undefined && address !== '0.0.0.0' && address !== '::')
      .flatMap((address) => one(address ?? '', 'it is a gateway'));
  }

  #nameServers(): readonly SparedNetwork[] {
    return RESOLVERS.flatMap((path) => this.#lines(path)).flatMap((line) => {
      const [word, address = ''] = line.trim().replaceAll('\t', ' ').split(' ').filter(Boolean);
      return word === 'nameserver' ? one(address, 'it is a name server') : [];
    });
  }

  #lines(path: string): readonly string[] {
    return this.#ports.readFile(path).split('\n');
  }
}

/** The real one. */
export const systemMachine: MachinePorts = {
  readFile: (path) => {
    try {
      return readBounded(path);
    } catch {
      return ''; // Missing on this system, or not readable for this user: then it spares nobody.
    }
  },
  listDirectory: (path) => {
    try {
      return readdirSync(path);
    } catch {
      return []; // As above.
    }
  },
  interfaces: networkInterfaces,
  isLittleEndian: endianness() === 'LE',
};

function readBounded(path: string): string {
  const file = openSync(path, 'r');
  try {
    const octets = new Uint8Array(SYSTEM_FILE_OCTETS_MAX);
    let size = 0;
    for (;;) {
      const read = readSync(file, octets, size, octets.length - size, null);
      if (read === 0) return new TextDecoder('latin1').decode(octets.subarray(0, size));
      size += read;
    }
  } finally {
    closeSync(file);
  }
}

/** A single address; nothing if the text is not one. A zone says where a link-local address is valid. */
function one(address: string, why: string): readonly SparedNetwork[] {
  const prefix = parsePrefix(address.split('%')[0] ?? '');
  return prefix === undefined ? [] : [{ prefix, why }];
}

function isSmall({ base, length }: Prefix): boolean {
  return isIpv4(base)
    ? length >= NEIGHBOURS_IPV4_LENGTH_MIN + IPV4_OFFSET_BITS
    : length >= NEIGHBOURS_IPV6_LENGTH_MIN;
}

/** Networks that an operator or the node names. @param texts Anything other than addresses and networks is ignored. */
export function sparedTexts(texts: readonly string[], why: string): readonly SparedNetwork[] {
  return texts.flatMap((text) => {
    const prefix = text.includes('/')
      ? parsePrefix(text, { cut: true })
      : one(text, why)[0]?.prefix;
    return prefix === undefined ? [] : [{ prefix, why }];
  });
}

/** The address in the host of a URL; `undefined` if it is a name. */
export function addressOfHost(host: string): string | undefined {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return parseIp(bare) === undefined ? undefined : bare;
}
