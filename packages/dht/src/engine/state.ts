// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { addressOctets, isMartianEndpoint } from '../address.ts';
import { parseInfoHash, type InfoHash } from '../info-hash.ts';
import { STATE_NODES_MAX } from '../limits.ts';
import type { NodeRecord } from '../wire/message.ts';

/** What a node needs to join again without a bootstrap node: plain data, fit for JSON. */
export interface DhtState {
  readonly version: 1;
  readonly nodeId: string;
  /** Best known first. */
  readonly nodes: readonly {
    readonly id: string;
    readonly address: string;
    readonly port: number;
  }[];
}

/** The node id of an exported state, or `undefined` if there is no valid one. */
export function nodeIdOfState(state: unknown): InfoHash | undefined {
  const { nodeId } = asRecord(state);
  return typeof nodeId === 'string' ? parseInfoHash(nodeId) : undefined;
}

/** The nodes in a state that came from a file; invalid entries are left out. */
export function nodesOfState(state: unknown): readonly NodeRecord[] {
  const { nodes } = asRecord(state);
  if (!Array.isArray(nodes)) return [];
  return (nodes as readonly unknown[]).slice(0, 2 * STATE_NODES_MAX).flatMap((node) => {
    const { id, address, port } = asRecord(node);
    const hash = typeof id === 'string' ? parseInfoHash(id) : undefined;
    if (hash === undefined || typeof address !== 'string' || typeof port !== 'number') return [];
    const endpoint = { address, port };
    const usable = Number.isInteger(port) && port > 0 && port <= 0xffff && addressOctets(address);
    return usable && !isMartianEndpoint(endpoint) ? [{ id: hash, endpoint }] : [];
  });
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
