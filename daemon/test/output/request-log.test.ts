// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@sentrypeer/kernel';
import { RequestLog } from '../../src/output/request-log.ts';

function lineOf(target: string, client = '192.0.2.1'): string {
  let text = '';
  const log = new RequestLog({ clock: systemClock, write: (line) => (text += line) });
  log.add({ client, role: 'read', method: 'GET', target, status: 200, ms: 1 });
  return text;
}

test('RequestLog masks a key in every spelling of a path', () => {
  const secret = 'b0YxAbCdEf';
  for (const target of [
    `/api/sentrypeer_${secret}/events`,
    `/api/sentrypeer_${secret}/check/192.0.2.1`,
    `/api/sentrypeer%5F${secret}/events`,
    `/api/%73entrypeer_${secret}/events`,
    `/api/%2573entrypeer_${secret}/events`,
    `/%61pi/key-of-another-service-${secret}/banned`,
    `http://node.example/api/sentrypeer_${secret}/events`,
    `http://node.example/api/${secret}/events`,
    `//api/sentrypeer_${secret}/events`,
    `/api/sentrypeer_${secret}`,
    `/v1/summary?key=sentrypeer_${secret}&x=1`,
    `/SENTRYPEER_${secret}`,
    `/api/${secret}/check/1`,
  ]) {
    const line = lineOf(target);
    assert.ok(!line.includes(secret), line);
    assert.match(line, /KEY/);
  }
});

test('RequestLog leaves other targets as they are', () => {
  for (const target of ['/api/phone-numbers/123', '/api/ip-addresses/::1', '/v1/check?number=1'])
    assert.ok(lineOf(target).includes(` GET ${target} 200 `), lineOf(target));
});

test('RequestLog writes nothing of anybody that changes what a terminal shows', () => {
  const line = lineOf('/\u0085\u202e\u007f\u001b[2J', '\u001b]0;x\u0007\u009b');
  for (const character of line.slice(0, -1)) {
    const code = character.charCodeAt(0);
    assert.ok(code >= 0x20 && (code < 0x7f || code > 0x9f) && code !== 0x202e, line);
  }
});
