// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readdirSync, readFileSync } from 'node:fs';
import { KeyedHash, latin1Octets, latin1Text } from '@sentrypeer/bytes';
import {
  computeDigestResponse,
  parseDigestParams,
  parseMessage,
  type SipMessage,
} from '@sentrypeer/sip';
import { Accounts } from '../src/accounts.ts';
import {
  Honeypot,
  type Reaction,
  type Persona,
  personaByName,
  type Received,
} from '../src/index.ts';

/** Wall-clock time at which every test begins: 2026-03-01T12:00:00Z. */
const EPOCH_MS = 1_772_366_400_000;

export const ATTACKER = '198.51.100.25';
export const OURSELVES = '203.0.113.5';

export const SECRETS = { tag: secret(1), nonce: secret(2), policy: secret(3) };

export function secret(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

export function persona(name: string): Persona {
  const found = personaByName(name);
  if (found === undefined) throw new TypeError(`no persona ${name}`);
  return found;
}

export type Overrides = Partial<Received<string>>;

/** A honeypot on a bench: its time is moved by hand, and its answers come back parsed. */
export class Bench {
  readonly honeypot: Honeypot<string>;
  nowMs = 1000;
  /** Accounts whose password was found. */
  readonly won: string[] = [];

  constructor(
    options: {
      readonly persona?: string | Persona;
      readonly mode?: 'passive' | 'responsive';
      readonly secrets?: typeof SECRETS;
      /** What chance gives; the same each time. */
      readonly chance?: readonly [number, number];
    } = {},
  ) {
    const clock = { nowMs: () => this.nowMs, epochUs: () => this.epochUs };
    const { persona: worn = 'asterisk' } = options;
    const { chance = [0x80, 0x80] } = options;
    const random = {
      fill: (octets: Uint8Array) => {
        octets.set(chance);
        return octets;
      },
    };
    this.honeypot = new Honeypot(
      { clock, random, onWon: (account) => this.won.push(account) },
      {
        mode: options.mode ?? 'responsive',
        persona: typeof worn === 'string' ? persona(worn) : worn,
        secrets: options.secrets ?? SECRETS,
      },
    );
  }

  get epochUs(): number {
    return (EPOCH_MS + this.nowMs) * 1000;
  }

  receive(message: string | Uint8Array, overrides: Overrides = {}): Reaction {
    return this.honeypot.receive({
      octets: typeof message === 'string' ? latin1Octets(message) : message,
      transport: 'UDP',
      sourceIp: ATTACKER,
      sourcePort: 5070,
      destinationIp: OURSELVES,
      destinationPort: 5060,
      epochUs: this.epochUs,
      framingAnomalies: [],
      path: 'path',
      ...overrides,
    });
  }

  /** The answers to a message, parsed. */
  answers(message: string | Uint8Array, overrides: Overrides = {}): readonly SipMessage[] {
    return this.receive(message, overrides).replies.map((octets) => parseMessage(octets));
  }

  /** The status codes of the answers to a message. */
  statuses(message: string | Uint8Array, overrides: Overrides = {}): readonly number[] {
    return this.answers(message, overrides).map(({ statusCode }) => statusCode ?? 0);
  }

  /** Moves time to each delayed reply within `ms` and takes them all. */
  wait(ms: number): readonly SipMessage[] {
    const endMs = this.nowMs + ms;
    const answers: SipMessage[] = [];
    for (;;) {
      const dueMs = this.honeypot.nextDueMs();
      if (dueMs === undefined || dueMs > endMs) break;
      this.nowMs = dueMs;
      for (const { octets } of this.honeypot.takeDue(dueMs)) answers.push(parseMessage(octets));
    }
    this.nowMs = endMs;
    return answers;
  }
}

export interface RequestFields {
  readonly method?: string;
  readonly uri?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly version?: string;
}

/** A request as an ordinary stack sends it. */
export function requestText(fields: RequestFields = {}): string {
  const { method = 'OPTIONS', uri = 'sip:203.0.113.5', headers = [], body = '' } = fields;
  const lines = [
    `${method} ${uri} ${fields.version ?? 'SIP/2.0'}`,
    `Via: ${fields.via ?? 'SIP/2.0/UDP 198.51.100.25:5070;branch=z9hG4bK-524287;rport'}`,
    'Max-Forwards: 70',
    `From: ${fields.from ?? '"caller" <sip:caller@198.51.100.25>;tag=7f2a'}`,
    `To: ${fields.to ?? `<${uri}>`}`,
    `Call-ID: ${fields.callId ?? '84f0a1d29c'}`,
    `CSeq: ${fields.cseq ?? '1'} ${method}`,
    'Contact: <sip:caller@198.51.100.25:5070>',
    'User-Agent: a telephone of some kind that has a rather long name, so that answers have room',
    ...headers,
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** An offer of G.711 with events, as most callers make it. */
export const OFFER = [
  'v=0',
  'o=user 53655765 2353687637 IN IP4 198.51.100.25',
  's=-',
  'c=IN IP4 198.51.100.25',
  't=0 0',
  'm=audio 6000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=sendrecv',
  '',
].join('\r\n');

const CORPUS = new URL('../../../test/corpus/sip/', import.meta.url);

/** A captured request, with changes made to its text. */
export function sample(name: string, changes: readonly (readonly [string, string])[] = []): string {
  let text = latin1Text(readFileSync(new URL(`samples/${name}`, CORPUS)));
  for (const [from, to] of changes) text = text.replaceAll(from, to);
  return text;
}

/** Every captured and every torture message, by name. */
export function corpus(): readonly { readonly name: string; readonly octets: Uint8Array }[] {
  return readdirSync(CORPUS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isMessage(entry.name))
    .map((entry) => ({
      name: entry.name,
      octets: new Uint8Array(readFileSync(`${entry.parentPath}/${entry.name}`)),
    }));
}

function isMessage(name: string): boolean {
  return ['.sip', '.bin', '.dat'].some((ending) => name.endsWith(ending));
}

/** The accounts of a honeypot with the secrets of the bench. */
export const ACCOUNTS = new Accounts(new KeyedHash(SECRETS.policy));

/** An account of three digits that exists and whose password is its own number. */
export const EXTENSION = firstAccount(
  (account) => ACCOUNTS.exists(account) && ACCOUNTS.passwordOf(account) === account,
);

/** An account of three digits that does not exist. */
export const NOBODY = firstAccount((account) => !ACCOUNTS.exists(account));

function firstAccount(isWanted: (account: string) => boolean): string {
  for (let number = 100; number < 1000; number += 1) {
    if (isWanted(String(number))) return String(number);
  }
  throw new TypeError('no such account');
}

/** Credentials for the challenge in an answer, computed by the older rule as most tools do. */
export function credentialsFor(
  challenge: SipMessage | undefined,
  guess: {
    readonly user: string;
    readonly password: string;
    readonly method?: string;
    readonly uri?: string;
  },
): string {
  const { user: username, password, method = 'REGISTER', uri = 'sip:203.0.113.5' } = guess;
  const isProxy = challenge?.statusCode === 407;
  const value = challenge?.header(isProxy ? 'proxy-authenticate' : 'www-authenticate') ?? '';
  const { realm = '', nonce = '' } = parseDigestParams(value);
  const response = computeDigestResponse({
    rule: 'rfc2069',
    username,
    realm,
    password,
    method,
    uri,
    nonce,
  });
  return (
    `${isProxy ? 'Proxy-' : ''}Authorization: Digest username="${username}", realm="${realm}", ` +
    `nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5`
  );
}

/** A REGISTER for an account. */
export function registerText(account: string, fields: RequestFields = {}): string {
  return requestText({
    method: 'REGISTER',
    to: `<sip:${account}@203.0.113.5>`,
    from: `<sip:${account}@203.0.113.5>;tag=31a9`,
    ...fields,
  });
}

/** The tag that an answer gave to To. */
export function toTagOf(answer: SipMessage | undefined): string {
  const tag = answer?.to?.tag;
  if (tag === undefined) throw new TypeError('an answer without To tag');
  return tag;
}
