// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { HOLDER_COMMAND_CHARACTERS_MAX } from './limits.ts';
import { procFiles, type ProcFiles } from './proc-files.ts';
import { addressHex, readSocketRows } from './socket-table.ts';

/** Where a socket is, or should be. */
export interface SocketPlace {
  readonly transport: 'UDP' | 'TCP';
  readonly address: string;
  readonly port: number;
}

/** The program that holds a port. Only its own user and root can see the process. */
export interface PortHolder {
  readonly userId: number;
  readonly process: { readonly id: number; readonly command: string } | undefined;
}

/** The state of a listening socket in /proc/net/tcp; connections are other rows with the same port. */
const TCP_LISTEN = '0A';

/**
 * Finds the program that holds a port, from Linux's /proc; `undefined` on other systems, or if nothing is found. Called
 * only after a port could not be opened, so it may be slow.
 */
export async function portHolder(
  place: SocketPlace,
  files: ProcFiles = procFiles,
): Promise<PortHolder | undefined> {
  const found = (await readSocketRows(place.transport, place.port, files)) ?? [];
  const rows = found.filter(({ state }) => place.transport === 'UDP' || state === TCP_LISTEN);
  const wanted = addressHex(place.address);
  const row =
    rows.find((candidate) => candidate.addressHex === wanted) ??
    rows.find((candidate) => isZeros(candidate.addressHex)) ??
    (isZeros(wanted) ? rows[0] : undefined);
  if (row === undefined) return undefined;
  return { userId: row.userId, process: await processOf(row.inode, files) };
}

/** For a message: `asterisk -f (process 1234)`, or the user if the process is not visible. */
export function formatHolder(holder: PortHolder | undefined): string {
  if (holder === undefined) return 'another program';
  if (holder.process === undefined)
    return `a program of user ${holder.userId} (ask root which: \`ss -lntup\`)`;
  return `\`${holder.process.command}\` (process ${holder.process.id})`;
}

function isZeros(text: string): boolean {
  return Number.parseInt(text, 16) === 0;
}

/** The process among those we may look into that has the socket open. */
async function processOf(inode: string, files: ProcFiles): Promise<PortHolder['process']> {
  const wanted = `socket:[${inode}]`;
  for (const pid of await files.names('/proc')) {
    const id = Number(pid);
    if (!Number.isInteger(id)) continue;
    const folder = `/proc/${pid}/fd`;
    for (const name of await files.names(folder)) {
      if ((await files.link(`${folder}/${name}`)) !== wanted) continue;
      const commandLine = await files.text(`/proc/${pid}/cmdline`).catch(() => '');
      return { id, command: commandOf(commandLine) };
    }
  }
  return undefined;
}

/** A command line for a terminal: arguments joined, control characters out, cut. */
function commandOf(cmdline: string): string {
  const printable = Array.from(cmdline, (character) => (character < ' ' ? ' ' : character));
  return printable.slice(0, HOLDER_COMMAND_CHARACTERS_MAX).join('').trim();
}
