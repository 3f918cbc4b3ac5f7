// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Integrations from docs/integrations for programs that are not installed here, run as those programs would run them.
 */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { documented } from './documented.ts';
import { callHoneypot, CLEAN, DIALLED_AT_HONEYPOT, LISTED, listNumber } from './listed-number.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

const API = '127.0.0.1:8082';

/** FreeSWITCH as the script sees it: a call, and the command `curl` with the words that the script passes. */
const FREESWITCH = `
session = {}
function session:getVariable(name) return name == "destination_number" and arg[1] or nil end
function session:hangup(cause) print("hangup " .. cause) end
freeswitch = {}
function freeswitch.consoleLog(level, text) io.write(level, " ", text) end
function freeswitch.API()
  return { execute = function(_, command, words)
    assert(command == "curl")
    local pipe = io.popen("curl -s -m 1 '" .. words:match("^%S+") .. "'")
    local answer = pipe:read("a")
    pipe:close()
    return answer
  end }
end
`;

async function addKey(daemon: DaemonProcess, name: string): Promise<string> {
  const words = ['-f', daemon.dbFile, 'keys', 'add', name, 'read'];
  const { stdout } = await DaemonProcess.run(words, { folder: daemon.folder });
  return stdout.split('\n')[0] ?? '';
}

test('the AGI script for Asterisk tells listed from clean, and lets calls through without an answer', async (t) => {
  if (peer('curl', t) === undefined) return;
  await using daemon = await DaemonProcess.start(['-r', COUNTS_LOCAL]);
  await listNumber(daemon);
  const script = join(daemon.folder, 'sentrypeer.sh');
  const place = { [API]: `127.0.0.1:${daemon.ports.api}` };
  await writeFile(script, documented('asterisk.md', 'sh agi', place));
  const run = async (argument: string): Promise<string> => {
    const input = `agi_request: sentrypeer.sh\nagi_arg_1: ${argument}\n\n200 result=1\n`;
    const { status, output } = await runTool('/bin/sh', [script], { folder: daemon.folder, input });
    assert.equal(status, 0, output);
    return output;
  };
  for (const [argument, verdict] of [
    [LISTED, 'listed'],
    [` ${LISTED}`, 'listed'],
    ['+449012345678', 'listed'],
    [CLEAN, 'clean'],
    ['100', 'clean'],
    ['$(id)`id`;"\'', 'unknown'],
    ['', 'unknown'],
  ] as const) {
    assert.equal(await run(argument), `SET VARIABLE SENTRYPEER ${verdict}\n`, argument);
  }
  await daemon.stop();
  assert.equal(await run(LISTED), 'SET VARIABLE SENTRYPEER unknown\n');
});

test('the Lua script for FreeSWITCH hangs up only calls to a listed number', async (t) => {
  const lua = peer('lua5.4', t);
  if (lua === undefined || peer('curl', t) === undefined) return;
  await using daemon = await DaemonProcess.start(['-r', COUNTS_LOCAL]);
  await listNumber(daemon);
  const script = join(daemon.folder, 'sentrypeer.lua');
  const place = { [API]: `127.0.0.1:${daemon.ports.api}` };
  await writeFile(script, FREESWITCH + documented('freeswitch.md', 'lua script', place));
  const run = async (number: string): Promise<string> => {
    const { status, output } = await runTool(lua, [script, number], { folder: daemon.folder });
    assert.equal(status, 0, output);
    return output;
  };
  assert.equal(
    await run('+449012345678'),
    'WARNING SentryPeer: +449012345678 is listed, the call is refused\nhangup CALL_REJECTED\n',
  );
  assert.equal(await run(CLEAN), '');
  assert.equal(await run("x'; touch y"), '');
  await daemon.stop();
  assert.equal(await run(LISTED), '');
});

test('CGRateS and the FreePBX module get their token, and 200 or 404 for a number', async () => {
  await using daemon = await DaemonProcess.start(['-r', COUNTS_LOCAL, '--api-key-required']);
  const key = await addKey(daemon, 'cgrates');
  const text = documented('cgrates.md', 'json cgrates', {
    [API]: `127.0.0.1:${daemon.ports.api}`,
    'sentrypeer_…': key,
  });
  const { sentrypeer } = JSON.parse(text) as { readonly sentrypeer: Record<string, string> };
  const { token_url: tokenUrl = '', numbers_url: numbersUrl, ips_url: ipsUrl } = sentrypeer;
  const { client_id, client_secret, audience, grant_type } = sentrypeer;
  await callHoneypot(daemon);
  for (const [contentType, agent] of [
    ['application/json', 'Go-http-client/1.1'],
    ['application/json;charset=utf-8', 'SentryPeer-FreePBX-Module/1.0'],
  ] as const) {
    const headers = { 'content-type': contentType, 'user-agent': agent };
    const token = async (secret: string | undefined): Promise<Response> =>
      fetch(tokenUrl, {
        method: 'POST',
        headers,
        body: JSON.stringify({ client_id, client_secret: secret, audience, grant_type }),
      });
    const wrong = await token('wrong');
    assert.equal(wrong.status, 401, await wrong.text());
    const given = (await (await token(client_secret)).json()) as Record<string, unknown>;
    const authorization = `Bearer ${String(given['access_token'])}`;
    const status = async (url: string): Promise<number> => {
      const response = await fetch(url, { headers: { ...headers, authorization } });
      await response.text();
      return response.status;
    };
    assert.equal(await status(`${numbersUrl}/${CLEAN}`), 404);
    assert.equal(await status(`${numbersUrl}/+46701740605`), 404);
    assert.equal(await status(`${ipsUrl}/2001:db8::1`), 404);
    assert.equal(await status(`${numbersUrl}/alice`), 400, 'nonsense is not clean');
    for (const number of [DIALLED_AT_HONEYPOT, '+449012345678']) {
      const isKnown = async (): Promise<boolean> =>
        (await status(`${numbersUrl}/${number}`)) === 200;
      await until(`${number} to be known`, isKnown);
    }
  }
});
