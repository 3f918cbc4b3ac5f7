// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Events of another node, because a test's own packets come from loopback, which is never listed. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { DaemonProcess } from './daemon-process.ts';

export interface DeliveredSource {
  readonly sourceIp: string;
  /** A connection proves its address; a datagram does not. */
  readonly transport: 'TCP' | 'UDP';
}

/** Creates a key with the role admin. */
export async function adminKey(daemon: DaemonProcess, name = 'other'): Promise<string> {
  const run = await DaemonProcess.run(['-f', daemon.dbFile, 'keys', 'add', name, 'admin'], {
    folder: daemon.folder,
  });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.split('\n')[0] ?? '';
}

/** @returns The status of the answer. */
export async function post(
  daemon: DaemonProcess,
  path: string,
  key: string,
  body: object,
): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status;
}

/** Delivers a REGISTER from each source, as another node would. */
export async function deliver(
  daemon: DaemonProcess,
  key: string,
  sources: readonly DeliveredSource[],
): Promise<void> {
  const events = sources.map(({ sourceIp, transport }) => ({
    app_name: 'sentrypeer',
    app_version: '4.0.0',
    event_timestamp: new Date().toISOString().slice(0, 19).replace('T', ' '),
    event_uuid: randomUUID(),
    created_by_node_id: randomUUID(),
    collected_method: 'responsive',
    transport_type: transport,
    source_ip: sourceIp,
    destination_ip: '198.51.100.7',
    called_number: '100',
    sip_method: 'REGISTER',
    sip_user_agent: 'friendly-scanner',
    sip_message: 'REGISTER',
  }));
  assert.equal(await post(daemon, '/api/events', key, events), 201);
}
