// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A DHT node that plays a SentryPeer 4.x node, on loopback and in a separate DHT network. */

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { infoHash, type DhtNode } from '@sentrypeer/dht';
import { openDht } from '@sentrypeer/dht/udp';
import { formatEventTimestamp } from '@sentrypeer/event';
import { systemClock } from '@sentrypeer/kernel';
import { DaemonProcess } from './daemon-process.ts';

export const NODE_A = 'aaaaaaaa-0000-4000-8000-000000000001';
export const NODE_B = 'bbbbbbbb-0000-4000-8000-000000000002';

const BAD_ACTORS = infoHash('bad_actors');
const NETWORK_MAX = 0x7fff_ffff;

export class OtherNode implements AsyncDisposable {
  readonly dht: DhtNode;
  readonly network: number;

  private constructor(dht: DhtNode, network: number) {
    this.dht = dht;
    this.network = network;
  }

  static async start(): Promise<OtherNode> {
    const network = randomInt(1, NETWORK_MAX);
    return new OtherNode(await openDht({ port: 0, addresses: ['127.0.0.1'], network }), network);
  }

  get port(): number {
    return this.dht.locals[0]?.port ?? 0;
  }

  /** Makes a daemon share only with this node. */
  get flags(): readonly string[] {
    return [
      '-p',
      `--bootstrap-node=127.0.0.1:${this.port}`,
      `--dht-network=${this.network}`,
      '--dht-address=127.0.0.1',
      '--dht-port=0',
      '--neighbours=off',
    ];
  }

  async put(octets: Uint8Array): Promise<void> {
    await this.dht.put(BAD_ACTORS, { data: octets, userType: 'text/plain' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dht.close();
  }
}

/** What a 4.x node says about a contact a moment ago. */
export function claimOf({
  node,
  source,
  ...changes
}: {
  readonly node: string;
  readonly source: string;
  readonly [member: string]: string;
}): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      app_name: 'sentrypeer',
      app_version: 'v4.0.6',
      event_timestamp: formatEventTimestamp(systemClock.epochUs()),
      event_uuid: randomUUID(),
      created_by_node_id: node,
      collected_method: 'responsive',
      transport_type: 'UDP',
      source_ip: source,
      destination_ip: '192.168.1.2',
      called_number: '00442071234567',
      sip_method: 'INVITE',
      sip_user_agent: 'friendly-scanner',
      sip_message: 'INVITE sip:1@192.168.1.2 SIP/2.0\r\n\r\n',
      ...changes,
    }),
  );
}

export function ask(daemon: DaemonProcess, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
}

export function judge(
  daemon: DaemonProcess,
  node: string,
  action: 'trust' | 'distrust' | 'forget',
  key?: string,
): Promise<Response> {
  return fetch(`http://127.0.0.1:${daemon.ports.api}/v1/peers/${node}/${action}`, {
    method: 'POST',
    ...(key !== undefined && { headers: { Authorization: `Bearer ${key}` } }),
  });
}

export async function makeKey(daemon: DaemonProcess, name: string, role: string): Promise<string> {
  const { status, stdout } = await DaemonProcess.run([
    'keys',
    'add',
    name,
    role,
    '-f',
    daemon.dbFile,
  ]);
  assert.equal(status, 0);
  return stdout.split('\n')[0] ?? '';
}

export async function metricsOf(daemon: DaemonProcess): Promise<ReadonlyMap<string, number>> {
  const text = await (await ask(daemon, '/metrics')).text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const blank = line.lastIndexOf(' ');
        return [line.slice(0, blank), Number(line.slice(blank + 1))];
      }),
  );
}
