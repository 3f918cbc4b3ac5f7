// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { unreachable } from '@sentrypeer/kernel';
import type { Origin, Peers } from '@sentrypeer/store';
import type { PeersCommand } from './config/commands.ts';

/** Lists or judges other nodes. @returns What to print. */
export function runPeersCommand(command: PeersCommand, peers: Peers): string {
  switch (command.name) {
    case 'peers list':
      return formatPeers(peers.list());
    case 'peers trust':
      peers.setTrust(command.nodeId, 'trusted');
      return `${command.nodeId} is trusted: what it shares is taken beyond the limits for strangers.\n`;
    case 'peers distrust': {
      const count = peers.setTrust(command.nodeId, 'distrusted');
      return `${command.nodeId} is distrusted: ${count} events of it were withdrawn, and none is taken any more.\n`;
    }
    case 'peers forget':
      peers.forget(command.nodeId);
      return `${command.nodeId} is neither trusted nor distrusted any more.\n`;
    default:
      return unreachable(command);
  }
}

function formatPeers(origins: readonly Origin[]): string {
  if (origins.length === 0) return 'No node has shared anything yet.\n';
  const rows = [
    ['NODE', 'EVENTS', 'FIRST SEEN', 'LAST SEEN', 'TRUST', 'KEY', 'TOLD BY'],
    ...origins.map(rowOf),
  ];
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((text, column) => text.padEnd(widths?.[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function rowOf(origin: Origin): readonly string[] {
  return [
    origin.nodeId,
    String(origin.seenCount),
    time(origin.firstSeenEpochUs),
    time(origin.lastSeenEpochUs),
    origin.trust,
    origin.publicKey?.toBase64({ alphabet: 'base64url', omitPadding: true }) ?? 'unsigned',
    origin.address,
  ];
}

function time(epochUs: number): string {
  return `${new Date(epochUs / 1000).toISOString().slice(0, 19)}Z`;
}
