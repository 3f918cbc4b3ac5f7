// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Requests of one caller to an account, and a bench on which he has proved himself. */

import assert from 'node:assert/strict';
import type { SipMessage } from '@sentrypeer/sip';
import {
  Bench,
  credentialsFor,
  EXTENSION,
  OFFER,
  type Overrides,
  registerText,
  requestText,
  toTagOf,
} from './bench.ts';

export const TCP: Overrides = { transport: 'TCP' };

/** A call to an account that exists: taken at once, unlike calls to numbers. */
export const invite = (
  fields: { callId?: string; cseq?: string; via?: string; from?: string; headers?: string[] } = {},
) =>
  requestText({
    method: 'INVITE',
    uri: `sip:${EXTENSION}@203.0.113.5`,
    body: OFFER,
    ...fields,
    headers: ['Content-Type: application/sdp', ...(fields.headers ?? [])],
  });

/** A request of the caller inside the call that `answer` belongs to. */
export const within = (method: string, answer: SipMessage | undefined, cseq = '1') =>
  requestText({
    method,
    uri: `sip:${EXTENSION}@203.0.113.5`,
    to: `<sip:${EXTENSION}@203.0.113.5>;tag=${toTagOf(answer)}`,
    via: `SIP/2.0/UDP 198.51.100.25:5070;branch=z9hG4bK-${method}-${cseq};rport`,
    cseq,
  });

/** What ends an INVITE, made of the same fields. */
export const cancelOf = (
  fields: { callId?: string; cseq?: string; via?: string; from?: string } = {},
) => requestText({ method: 'CANCEL', uri: `sip:${EXTENSION}@203.0.113.5`, ...fields });

/** A bench on which the attacker has proved that he hears us. */
export function provedBench(options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
  const bench = new Bench(options);
  const [challenge] = bench.answers(registerText(EXTENSION));
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
  assert.equal(bench.receive(registerText(EXTENSION, { headers })).observation.grade, 'returned');
  return bench;
}
