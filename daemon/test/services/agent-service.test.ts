// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import type { AgentDecision } from '@sentrypeer/redirect';
import { Store } from '@sentrypeer/store';
import { AgentService, type AgentServiceOptions } from '../../src/services/agent-service.ts';

const INVITE = [
  'INVITE sip:00442071234567@pbx.example SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-a;rport',
  'From: <sip:100@pbx.example>;tag=a',
  'To: <sip:00442071234567@pbx.example>',
  'Call-ID: c',
  'CSeq: 1 INVITE',
  '',
  '',
].join('\r\n');

function options(dbFile: string): AgentServiceOptions {
  return {
    dbFile,
    judge: { homeCountry: undefined, ownNumbers: [], ownAddresses: [], policy: [] },
    addresses: [{ address: '127.0.0.1', port: 0 }],
    tlsAddresses: [],
    certificate: undefined,
    peers: ['127.0.0.0/8'],
    destination: 'sip:{e164}@192.0.2.10',
    refusal: 404,
    refusesWatched: false,
    secret: new Uint8Array(32),
  };
}

/** The answer to one INVITE. */
async function asked(agent: AgentService): Promise<string> {
  const socket = createSocket('udp4');
  const heard = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
  socket.send(INVITE, agent.locals.udp[0]?.port ?? 0, '127.0.0.1');
  const [octets] = (await heard) as [Buffer];
  socket.close();
  return octets.toString('latin1');
}

test('AgentService answers 500 while the database cannot be read, and says so once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-'));
  const dbFile = join(folder, 'x.db');
  Store.open({ clock: systemClock, logger: silentLogger }, { path: dbFile }).close();
  const lines: string[] = [];
  const decisions: AgentDecision[] = [];
  const agent = await AgentService.open(
    {
      clock: systemClock,
      logger: { ...silentLogger, warn: (event) => lines.push(event) },
      onDecisions: (made) => decisions.push(...made),
    },
    options(dbFile),
  );
  try {
    const redirected = await asked(agent);
    assert.match(
      redirected,
      /^SIP\/2\.0 302 .*\r\nContact: <sip:\+442071234567@192\.0\.2\.10>\r\n/s,
    );
    const database = new DatabaseSync(dbFile);
    database.exec('DROP TABLE number_evidence');
    database.close();
    // A state of the database is held for some milliseconds.
    const deadline = AbortSignal.timeout(10_000);
    while ((await asked(agent)).startsWith('SIP/2.0 302 ')) assert.ok(!deadline.aborted);
    assert.match(await asked(agent), /^SIP\/2\.0 500 Server Internal Error\r\n/);
    assert.deepEqual(lines, ['agent_cannot_judge']);
    assert.equal(agent.counters.decisions.call.failed, 2);
  } finally {
    await agent.close();
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(
    decisions.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'redirected'),
    ['failed', 'failed'],
    'what was made is handed over at the close',
  );
});
