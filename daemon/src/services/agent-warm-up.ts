// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets } from '@sentrypeer/bytes';
import type { Clock } from '@sentrypeer/kernel';
import type { NumberingPlans } from '@sentrypeer/numbers';
import type { Agent } from '@sentrypeer/redirect';
import { AGENT_WARM_UP_CALLS, AGENT_WARM_UP_MS } from '../limits.ts';

const DIGITS = '2071234567';
/** How PBXs begin numbers dialled abroad. */
const PREFIXES = ['+', '00', '011', '900', ''];

/**
 * Has the agent answer made-up calls before its ports open: code that has never run is 30 times slower, so the first
 * second of a busy PBX would take several. Each country's numbering plan is read once on the way.
 */
export function warmUp(agent: Agent, plans: NumberingPlans, clock: Clock): void {
  const codes = [
    ...new Set(plans.countries().map((country) => plans.home(country)?.callingCode ?? '')),
  ];
  const endMs = clock.nowMs() + AGENT_WARM_UP_MS;
  for (let call = 0; call < AGENT_WARM_UP_CALLS && clock.nowMs() < endMs; call += 1) {
    const code = codes[call % codes.length] ?? '';
    const prefix = PREFIXES[call % PREFIXES.length] ?? '';
    agent.receive({
      octets: latin1Octets(invite(`${prefix}${code}${DIGITS}`, call)),
      transport: 'UDP',
      sourceIp: '127.0.0.1',
      sourcePort: 5060,
      epochUs: clock.epochUs(),
    });
  }
}

function invite(number: string, call: number): string {
  return [
    `INVITE sip:${number}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-warm${call};rport`,
    'Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-b;received=198.51.100.1',
    'Max-Forwards: 70',
    'From: "Nobody" <sip:100@127.0.0.1>;tag=a',
    `To: <sip:${number}@127.0.0.1>`,
    `Call-ID: warm-up-${call}`,
    'CSeq: 1 INVITE',
    'Contact: <sip:100@127.0.0.1:5060>',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
