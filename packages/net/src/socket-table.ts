// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parseIp, wireOctets } from '@sentrypeer/ip';
import { procFiles, type ProcFiles } from './proc-files.ts';

/** The columns that we use of a line in /proc/net/udp and similar files. */
export interface SocketRow {
  /** As `addressHex()` writes it. */
  readonly addressHex: string;
  /** `0A` is a listening socket in the tables of TCP. */
  readonly state: string;
  readonly userId: number;
  readonly inode: string;
  /** Datagrams that found no room, or had a wrong checksum, since the socket was opened; 0 in the tables of TCP. */
  readonly droppedCount: number;
}

/** Whether this system has such tables; Linux has. */
export function hasSocketTables(files: ProcFiles = procFiles): boolean {
  return files.exists('/proc/net/udp');
}

/**
 * The sockets with this local port, of IPv4 and IPv6. `undefined` if a table could not be read, for example because no
 * more files can be opened; a table that does not exist has no sockets.
 */
export async function readSocketRows(
  transport: 'UDP' | 'TCP',
  port: number,
  files: ProcFiles = procFiles,
): Promise<readonly SocketRow[] | undefined> {
  const table = `/proc/net/${transport.toLowerCase()}`;
  try {
    const texts = await Promise.all([files.text(table), files.text(`${table}6`)]);
    return texts.flatMap((text) => rowsOf(text, port));
  } catch {
    return undefined;
  }
}

/*
 *   sl  local_address rem_address   st tx_queue:rx_queue … retrnsmt uid timeout inode ref pointer drops
 *   31: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 3022 2 0000000000000000 17
 */
function rowsOf(table: string, port: number): readonly SocketRow[] {
  const portHex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = table.matchAll(new RegExp(`^ *\\d+: [0-9A-F]+:${portHex} .*$`, 'gmu'));
  return Array.from(lines, ([line]) => {
    const fields = line.split(' ').filter((field) => field !== '');
    return {
      addressHex: fields[1]?.split(':')[0] ?? '',
      state: fields[3] ?? '',
      userId: Number(fields[7]),
      inode: fields[9] ?? '',
      droppedCount: Number(fields[12] ?? 0),
    };
  });
}

/**
 * An address as the tables write it: each 32-bit word of it as a number of the machine. Words are reversed, as
 * little-endian machines have them; on others no socket is found.
 */
export function addressHex(address: string): string {
  const ip = parseIp(address);
  const octets = ip === undefined ? [] : [...wireOctets(ip)];
  const hex = octets.map((octet) => octet.toString(16).toUpperCase().padStart(2, '0'));
  let text = '';
  for (let index = 0; index < hex.length; index += 4)
    text += hex
      .slice(index, index + 4)
      .toReversed()
      .join('');
  return text;
}
