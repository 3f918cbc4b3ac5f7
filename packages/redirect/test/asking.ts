// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Requests to the agent, and a judge that says what a test wants. */

import assert from 'node:assert/strict';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { notListed, type Judgement, type Question } from '@sentrypeer/verdict';
import {
  Agent,
  parseDestination,
  type AgentOptions,
  type Answer,
  type Asked,
} from '../src/index.ts';

export const NOW_US = 1_772_366_400_000_000;
export const BAD = '900442071234567';
const TEMPLATE = 'sip:{number}@192.0.2.10:5060';

export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cseq?: string;
  readonly lines?: readonly string[];
}

export function request(parts: RequestParts = {}): string {
  const { method = 'INVITE', uri = 'sip:0046701740605@pbx.example:5070' } = parts;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: ${parts.via ?? 'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a'}`,
    'Max-Forwards: 70',
    `From: ${parts.from ?? '"Alice" <sip:100@pbx.example>;tag=f00d'}`,
    `To: ${parts.to ?? '<sip:0046701740605@pbx.example>'}`,
    'Call-ID: call-1',
    `CSeq: ${parts.cseq ?? `1 ${method}`}`,
    ...(parts.lines ?? []),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

export function asked(text: string, parts: Partial<Asked> = {}): Asked {
  return {
    octets: latin1Octets(text),
    transport: 'UDP',
    sourceIp: '127.0.0.1',
    sourcePort: 5070,
    epochUs: NOW_US,
    ...parts,
  };
}

/** Watched by `judgementOf()`. */
export const WATCHED = '900442079999999';

/** Lists a number or an address that is `BAD`. */
export function judgementOf(question: Question): Judgement {
  const listed = question.number === BAD || question.address === '203.0.113.66';
  const none = { number: undefined, address: undefined };
  if (!listed) {
    const verdict = notListed('nothing is known');
    if (question.number !== WATCHED) return { ...verdict, ...none };
    return { ...verdict, level: 'watch', score: 40, untilEpochUs: NOW_US, ...none };
  }
  const verdict = {
    level: 'listed' as const,
    listed,
    score: 87,
    reasons: ['the number was called 5 times at the honeypot', 'it says "no"\r\nEvil: 1'],
    untilEpochUs: NOW_US + 60_000_000,
  };
  const number = {
    ...verdict,
    kind: 'number' as const,
    digits: '442071234567',
    e164: '442071234567',
    country: 'GB',
    type: undefined,
    destinationClass: 'foreign-fixed' as const,
    range: undefined,
    pool: undefined,
  };
  return { ...verdict, number, address: undefined };
}

export interface Bench {
  readonly agent: Agent;
  readonly questions: Question[];
}

export function newAgent(
  options: Partial<AgentOptions> & { readonly template?: string | undefined } = {},
  judge: (question: Question) => Judgement | undefined = judgementOf,
): Bench {
  const { template = TEMPLATE, ...rest } = options;
  const questions: Question[] = [];
  const agent = new Agent(
    {
      judge: (question) => {
        questions.push(question);
        return judge(question);
      },
    },
    {
      refusal: 404,
      refusesWatched: false,
      emergencyNumber: '112',
      destination: parseDestination(template),
      secret: new Uint8Array(32).fill(7),
      ...rest,
    },
  );
  return { agent, questions };
}

/** The lines of an answer, which must exist. */
export function linesOf({ reply }: Answer): readonly string[] {
  assert.ok(reply !== undefined, 'there is an answer');
  return latin1Text(reply).split('\r\n');
}

export function headerOf(answer: Answer, name: string): string | undefined {
  const line = linesOf(answer).find((each) => each.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}

export function statusOf(answer: Answer): string | undefined {
  return linesOf(answer)[0];
}
