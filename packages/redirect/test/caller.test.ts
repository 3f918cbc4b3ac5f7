// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asked, newAgent, request } from './asking.ts';

test('Agent judges the address that the asker noted, whatever the caller wrote into that Via', () => {
  const own = 'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a';
  // What Kamailio 5.6.3 made of a Via with `received=198.51.100.1` in several places.
  for (const parameters of [
    ';branch=z9hG4bK-b;received=198.51.100.1;received=203.0.113.66',
    ';branch=z9hG4bK-b;received=203.0.113.66"',
    ';branch=z9hG4bK-b;Received = 203.0.113.66" ;z',
    String.raw`;branch=z9hG4bK-b;x="a\";received=203.0.113.66;y="`,
    String.raw`;x="a\";q=",";received=203.0.113.66;y="b"`,
    ';received=203.0.113.66;branch="z9hG4bK-b;received=198.51.100.1"',
    ';received=203.0.113.66;x=",";received=198.51.100.1',
  ]) {
    const below = `SIP/2.0/UDP 10.0.0.9:5060${parameters}`;
    for (const parts of [{ via: `${own}, ${below}` }, { via: own, lines: [`Via: ${below}`] }]) {
      const { decision } = newAgent().agent.receive(asked(request(parts)));
      assert.equal(decision?.outcome, 'refused', below);
      assert.equal(decision.address, '203.0.113.66');
    }
  }
});

test('Agent does not take a Via further below, or what only looks like it, for the caller', () => {
  const own = 'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a';
  for (const parameters of [
    ', SIP/2.0/UDP 203.0.113.66;received=203.0.113.66',
    ';x=received;y="203.0.113.66"',
    ';receivedby=203.0.113.66',
    ';received',
    ';received=;x=203.0.113.66',
  ]) {
    const via = `${own}, SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK-b${parameters}`;
    const { decision } = newAgent().agent.receive(asked(request({ via })));
    assert.equal(decision?.outcome, 'redirected', via);
  }
});
