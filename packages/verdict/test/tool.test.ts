// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolOf } from '../src/tool.ts';

test('toolOf() knows attack tools by the beginning of their User-Agent, in upper or lower case', () => {
  const tools = [
    ['friendly-scanner', 'SIPVicious'],
    ['friendly-request', 'SIPVicious'],
    ['SIPVicious OSS 0.3', 'SIPVicious'],
    ['sip-scan', 'sip-scan'],
    ['sipcli/v1.8', 'sipcli'],
    ['pplsip', 'sippts'],
    ['sippts 4.0', 'sippts'],
    ['sipsak 0.9.8', 'sipsak'],
    ['Nmap NSE', 'nmap'],
    ['sundayddr', 'sundayddr'],
    ['VaxSIPUserAgent/3.1', 'VaxSIPUserAgent'],
    ['iWar', 'iWar'],
    ['SIVuS_VoIP_Scanner/1.09', 'SiVuS'],
    ['smap 0.6.0', 'smap'],
    ['Gulp', 'gulp'],
  ] as const;
  for (const [userAgent, tool] of tools) assert.equal(toolOf(userAgent), tool, userAgent);
});

test('toolOf() takes nobody for a tool who only mentions one, or names none', () => {
  for (const userAgent of ['', 'Asterisk PBX 22.1.0', 'not sipsak', 'a friendly-scanner', 'sip']) {
    assert.equal(toolOf(userAgent), undefined, userAgent);
  }
});
