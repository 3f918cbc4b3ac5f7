// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Forged sources, more than the database has room for, push out nothing that was proved. DB_SIZE_MIB=64 in the
 * environment does the same in a database of 64 MiB, which takes some minutes.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { adminKey, post } from './delivered.ts';

const ATTACKER = '45.1.2.3';
/** A premium number, which one proved caller gets listed. */
const NUMBER = '+449012345678';
const SIZE_MIB = Number(process.env['DB_SIZE_MIB'] ?? '4');
/** Enough to fill it more than once. */
const FORGED_COUNT = SIZE_MIB * 2000;
const BATCH_COUNT = 1000;

function invite(sourceIp: string, transport: 'TCP' | 'UDP', number: string): object {
  return {
    app_name: 'sentrypeer',
    app_version: '4.0.0',
    event_timestamp: new Date().toISOString().slice(0, 19).replace('T', ' '),
    event_uuid: randomUUID(),
    created_by_node_id: '6f3a6f7e-1111-4222-8333-abcdefabcdef',
    collected_method: 'responsive',
    transport_type: transport,
    source_ip: sourceIp,
    destination_ip: '198.51.100.7',
    called_number: number,
    sip_method: 'INVITE',
    sip_user_agent: 'friendly-scanner',
    sip_message: `INVITE sip:${number}@198.51.100.7 SIP/2.0\r\n${'x'.repeat(600)}`,
  };
}

async function textOf(daemon: DaemonProcess, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`)).text();
}

/** The answers of check, listings and lists; the same before and after. */
async function said(daemon: DaemonProcess): Promise<unknown> {
  const question = `?address=${ATTACKER}&number=${encodeURIComponent(NUMBER)}`;
  const { verdict } = JSON.parse(await textOf(daemon, `/v1/check${question}`)) as {
    readonly verdict: string;
  };
  const { items } = JSON.parse(await textOf(daemon, '/v1/listings')) as {
    readonly items: readonly { readonly value: string }[];
  };
  const lists = await Promise.all(
    ['ip-addresses.txt', 'ip-addresses.nft', 'ip-addresses.ipset', 'ip-addresses.rsc'].map((name) =>
      textOf(daemon, `/v1/lists/${name}`),
    ),
  );
  const numbers = await Promise.all(
    ['numbers.txt', 'numbers.htable', 'numbers.mtree', 'numbers.astdb'].map((name) =>
      textOf(daemon, `/v1/lists/${name}`),
    ),
  );
  return {
    verdict,
    listings: items.map(({ value }) => value).toSorted(),
    addresses: lists.map((text) => text.includes(ATTACKER)),
    numbers: numbers.map((text) => text.includes(NUMBER.slice(1))),
    proved: daemon.number(`SELECT count(*) FROM honey WHERE grade = 'handshake'`),
  };
}

test(`of ${SIZE_MIB} MiB, ${FORGED_COUNT} forged sources push nothing out that five calls over TCP proved`, async () => {
  await using daemon = await DaemonProcess.start([`--db-size-max=${SIZE_MIB}MiB`]);
  const key = await adminKey(daemon);
  const deliver = async (events: readonly object[]): Promise<void> =>
    assert.equal(await post(daemon, '/api/events', key, events), 201);
  await deliver(Array.from({ length: 5 }, () => invite(ATTACKER, 'TCP', NUMBER)));
  const listed = {
    verdict: 'listed',
    listings: [NUMBER, ATTACKER],
    addresses: [true, true, true, true],
    numbers: [true, true, true, true],
    proved: 5,
  };
  await until('both to be listed', async () => {
    const text = await textOf(daemon, '/v1/lists/numbers.txt');
    return text.includes(NUMBER) && (await textOf(daemon, '/v1/lists/ip-addresses.txt')) !== '';
  });
  assert.deepEqual(await said(daemon), listed);
  for (let sent = 0; sent < FORGED_COUNT; sent += BATCH_COUNT) {
    await deliver(
      Array.from({ length: BATCH_COUNT }, (_, at) => {
        const index = sent + at;
        return invite(
          `46.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
          'UDP',
          `+4620${1_000_000 + index}`,
        );
      }),
    );
  }
  await until('rows to be pushed out', () => {
    const rows = daemon.number('SELECT count(*) FROM honey');
    return rows < FORGED_COUNT;
  });
  assert.deepEqual(await said(daemon), listed);
});
