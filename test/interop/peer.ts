// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { accessSync, constants, globSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A real program that tests talk to, or a module of one, and its Debian package. */
interface Peer {
  readonly name: string;
  readonly debianPackage: string;
}

/** Every such program and its Debian package; the gate installs the missing ones. */
export const PEERS = {
  apparmor_parser: 'apparmor',
  baresip: 'baresip',
  bgpd: 'frr',
  bird: 'bird2',
  birdc: 'bird2',
  bridge: 'containernetworking-plugins',
  buildah: 'buildah',
  chromium: 'chromium',
  'crowdsec-firewall-bouncer': 'crowdsec-firewall-bouncer',
  curl: 'curl',
  dh_apparmor: 'dh-apparmor',
  dhtnode: 'dhtnode',
  'docker-compose': 'docker-compose',
  'dpkg-buildpackage': 'debhelper',
  'fail2ban-regex': 'fail2ban',
  'fail2ban-server': 'fail2ban',
  exabgp: 'exabgp',
  faketime: 'faketime',
  gobgp: 'gobgpd',
  gobgpd: 'gobgpd',
  ip: 'iproute2',
  'http_client.so': 'kamailio-utils-modules',
  initdb: 'postgresql',
  ipset: 'ipset',
  iptables: 'iptables',
  'iptables-nft-restore': 'iptables',
  kamailio: 'kamailio',
  kamcmd: 'kamailio',
  'libatomic for arm64': 'libatomic1-arm64-cross',
  'libstdc++ for arm64': 'libstdc++6-arm64-cross',
  lintian: 'lintian',
  logger: 'bsdutils',
  'lua5.4': 'lua5.4',
  mkdocs: 'mkdocs',
  mmdebstrap: 'mmdebstrap',
  nft: 'nftables',
  nmap: 'nmap',
  nodejs: 'nodejs',
  npm: 'npm',
  nping: 'nmap',
  nsenter: 'util-linux',
  openssl: 'openssl',
  podman: 'podman',
  pg_basebackup: 'postgresql-client',
  postgres: 'postgresql',
  promtool: 'prometheus',
  psql: 'postgresql-client',
  python3: 'python3',
  'python3-opendht': 'python3-opendht',
  'qemu-aarch64-static': 'qemu-user-static',
  rpmbuild: 'rpm',
  rpmlint: 'rpmlint',
  rsyslogd: 'rsyslog',
  sipp: 'sip-tester',
  sipsak: 'sipsak',
  sqlite3: 'sqlite3',
  strace: 'strace',
  svcrack: 'sipvicious',
  svmap: 'sipvicious',
  svwar: 'sipvicious',
  'systemd-analyze': 'systemd',
  'systemd-notify': 'systemd',
  'tls.so': 'kamailio-tls-modules',
  unshare: 'util-linux',
  vtysh: 'frr',
} as const;

type PeerName = keyof typeof PEERS;

/** Peers that only `npm run test:packages` needs: they bring a hundred other packages. */
const OF_PACKAGES: ReadonlySet<string> = new Set<PeerName>([
  'apparmor_parser',
  'bridge',
  'buildah',
  'dh_apparmor',
  'docker-compose',
  'dpkg-buildpackage',
  'libatomic for arm64',
  'libstdc++ for arm64',
  'lintian',
  'mkdocs',
  'podman',
  'qemu-aarch64-static',
  'rpmbuild',
  'rpmlint',
]);

/** Peers that are not programs, or are in no folder of programs, and where Debian puts them. */
const MODULES: Readonly<Record<string, string>> = {
  bgpd: '/usr/lib/frr/bgpd',
  bridge: '/usr/lib/cni/bridge',
  'http_client.so': '/usr/lib/*/kamailio/modules/http_client.so',
  initdb: '/usr/lib/postgresql/*/bin/initdb',
  'libatomic for arm64': '/usr/aarch64-linux-gnu/lib/libatomic.so.1',
  'libstdc++ for arm64': '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
  pg_basebackup: '/usr/lib/postgresql/*/bin/pg_basebackup',
  postgres: '/usr/lib/postgresql/*/bin/postgres',
  'python3-opendht': '/usr/lib/python3/dist-packages/opendht*.so',
  'tls.so': '/usr/lib/*/kamailio/modules/tls.so',
};

/** Where Debian puts daemons; an ordinary user's PATH often lacks these folders. */
const SYSTEM_FOLDERS: readonly string[] = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The path of a real program. If it is missing, the test is skipped, loudly and naming the Debian package that has it,
 * and the result is `undefined`: the caller returns at once. If the environment says `CI=true`, nothing may be skipped,
 * so a missing program is an error there.
 *
 *     const rsyslogd = peer('rsyslogd', t);
 *     if (rsyslogd === undefined) return;
 *
 * @param environment The process's own, except in tests of this function.
 */
export function peer(
  name: PeerName,
  context: TestContext,
  environment: Environment = process.env,
): string | undefined {
  const path = findPeer(name, environment);
  if (path !== undefined) return path;
  missingPeer(`${name} is missing: apt-get install ${PEERS[name]}`, context, environment);
  return undefined;
}

/** Skips the test, loudly; an error with `CI=true`. */
export function missingPeer(
  reason: string,
  context: TestContext,
  environment: Environment = process.env,
): void {
  if (environment['CI'] === 'true') throw new Error(`${reason} (CI=true, so nothing is skipped)`);
  process.stderr.write(`SKIPPED ${context.name}: ${reason}\n`);
  context.skip(reason);
}

/** The peers that are not installed here. @param ofPackages Includes those of `npm run test:packages`. */
export function missingPeers(
  environment: Environment = process.env,
  ofPackages = false,
): readonly Peer[] {
  return Object.entries(PEERS)
    .filter(([name]) => ofPackages || !OF_PACKAGES.has(name))
    .map(([name, debianPackage]) => ({ name, debianPackage }))
    .filter(({ name }) => findPeer(name as PeerName, environment) === undefined);
}

/** The path of a real program, for hooks that need one before any test does. */
export function findPeer(
  name: PeerName,
  environment: Environment = process.env,
): string | undefined {
  const module = MODULES[name];
  if (module !== undefined) return globSync(module)[0];
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, ...SYSTEM_FOLDERS]
    .map((folder) => join(folder, name))
    .find((path) => isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Missing, or not executable for us: the next folder may have it.
  }
}
