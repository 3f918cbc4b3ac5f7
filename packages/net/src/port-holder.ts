// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readdir, readFile, readlink } from 'node:fs/promises';
import { ipv6Groups, isIpv6 } from './ip-address.ts';
import { HOLDER_COMMAND_CHARACTERS_MAX } from './limits.ts';

/** Where a socket is, or should be. */
export interface SocketPlace {
  readonly transport: 'UDP' | 'TCP';
  readonly address: string;
  readonly port: number;
}

/** Who holds a port. The process is only known to its own user and to root. */
export interface PortHolder {
  readonly userId: number;
  readonly process: { readonly id: number; readonly command: string } | undefined;
}

/** A line of /proc/net/udp and its kin, as far as it concerns us. */
interface SocketRow {
  readonly addressHex: string;
  readonly userId: number;
  readonly inode: string;
}

/** The state of a listening socket in /proc/net/tcp; connections are other rows with the same port. */
const TCP_LISTEN = '0A';

/**
 * Finds who holds a port, from Linux's /proc; elsewhere, or when nothing is found, answers `undefined`.
 * Called only when a port could not be had, so it may take its time.
 */
export async function portHolder(place: SocketPlace): Promise<PortHolder | undefined> {
  const table = place.transport.toLowerCase();
  const rows = [
    ...socketRows(await textOf(`/proc/net/${table}`), place),
    ...socketRows(await textOf(`/proc/net/${table}6`), place),
  ];
  const wanted = addressHex(place.address);
  const row =
    rows.find((candidate) => candidate.addressHex === wanted) ??
    rows.find((candidate) => isZeros(candidate.addressHex)) ??
    (isZeros(wanted) ? rows[0] : undefined);
  if (row === undefined) return undefined;
  return { userId: row.userId, process: await processOf(row.inode) };
}

/** For a message: `asterisk -f (process 1234)`, or the user where the process is not visible. */
export function formatHolder(holder: PortHolder | undefined): string {
  if (holder === undefined) return 'another program';
  if (holder.process === undefined)
    return `a program of user ${holder.userId} (ask root which: \`ss -lntup\`)`;
  return `\`${holder.process.command}\` (process ${holder.process.id})`;
}

/*
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode …
 *   31: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3022 …
 */
function socketRows(table: string, place: SocketPlace): readonly SocketRow[] {
  const portHex = place.port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.split(' ').filter((field) => field !== ''))
    .filter(
      (fields) =>
        fields[1]?.endsWith(`:${portHex}`) === true &&
        (place.transport === 'UDP' || fields[3] === TCP_LISTEN),
    )
    .map((fields) => ({
      addressHex: fields[1]?.slice(0, -5) ?? '',
      userId: Number(fields[7]),
      inode: fields[9] ?? '',
    }));
}

/**
 * An address as the table writes it: each 32-bit word of it as a number of the machine. Words are reversed,
 * as little-endian machines have them; on others the holder stays unknown.
 */
function addressHex(address: string): string {
  const octets = isIpv6(address)
    ? ipv6Groups(address).flatMap((group) => [group >> 8, group & 0xff])
    : address.split('.').map(Number);
  const hex = octets.map((octet) => octet.toString(16).toUpperCase().padStart(2, '0'));
  let text = '';
  for (let index = 0; index < hex.length; index += 4)
    text += hex
      .slice(index, index + 4)
      .toReversed()
      .join('');
  return text;
}

function isZeros(text: string): boolean {
  return Number.parseInt(text, 16) === 0;
}

/** The process among those we may look into that has the socket open. */
async function processOf(inode: string): Promise<PortHolder['process']> {
  const wanted = `socket:[${inode}]`;
  for (const pid of await namesIn('/proc')) {
    const id = Number(pid);
    if (!Number.isInteger(id)) continue;
    const folder = `/proc/${pid}/fd`;
    for (const name of await namesIn(folder)) {
      const target = await readlink(`${folder}/${name}`).catch(() => '');
      if (target === wanted)
        return { id, command: commandOf(await textOf(`/proc/${pid}/cmdline`)) };
    }
  }
  return undefined;
}

/** A command line for a terminal: arguments joined, control characters out, cut. */
function commandOf(cmdline: string): string {
  const printable = Array.from(cmdline, (character) => (character < ' ' ? ' ' : character));
  return printable.slice(0, HOLDER_COMMAND_CHARACTERS_MAX).join('').trim();
}

/** Absent, unreadable or another platform: nothing is known, which is an answer here. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

function namesIn(path: string): Promise<readonly string[]> {
  return readdir(path).catch(() => []);
}
