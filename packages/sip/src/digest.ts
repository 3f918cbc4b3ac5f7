// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { latin1Octets } from '@sentrypeer/bytes';
import type { Credentials } from './credentials.ts';

/** The rule by which a response was computed: with the fields of RFC 2617 or, older, without them. */
export type DigestRule = 'rfc2069' | 'rfc2617-auth' | 'rfc2617-auth-int';

/** Algorithm names of RFC 7616 §6.1, lower case, with the hash that Node knows them by. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha-256', 'sha256'],
  ['sha-512-256', 'sha512-256'],
]);
const SESSION_SUFFIX = '-sess';

/** The inputs of a response; all texts as they are in the credentials. */
export interface DigestInput {
  readonly rule: DigestRule;
  /** As sent; absent means MD5. */
  readonly algorithm?: string | undefined;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly nc?: string | undefined;
  readonly cnonce?: string | undefined;
  readonly qop?: string | undefined;
  /** Only for `rfc2617-auth-int`. */
  readonly body?: Uint8Array | undefined;
}

/**
 * The `response` of RFC 7616 §3.4.1 in lower-case hexadecimal; `undefined` for an unknown algorithm.
 *
 * HA1 = H(username ":" realm ":" password), for session algorithms H(HA1 ":" nonce ":" cnonce); HA2 = H(method ":"
 * uri), with auth-int H(method ":" uri ":" H(body)).
 */
export function computeDigestResponse(input: DigestInput): string | undefined {
  const algorithm = (input.algorithm ?? 'md5').toLowerCase();
  const isSession = algorithm.endsWith(SESSION_SUFFIX);
  const name = HASHES.get(isSession ? algorithm.slice(0, -SESSION_SUFFIX.length) : algorithm);
  if (name === undefined) return undefined;
  const hash = (octets: Uint8Array): string => createHash(name).update(octets).digest('hex');
  const hashText = (text: string): string => hash(latin1Octets(text));
  const { username, realm, password, method, uri, nonce, nc = '', cnonce = '' } = input;
  const secret = hashText(`${username}:${realm}:${password}`);
  const ha1 = isSession ? hashText(`${secret}:${nonce}:${cnonce}`) : secret;
  if (input.rule === 'rfc2069') return hashText(`${ha1}:${nonce}:${hashText(`${method}:${uri}`)}`);
  const isIntegrity = input.rule === 'rfc2617-auth-int';
  const bodyHash = isIntegrity ? `:${hash(input.body ?? new Uint8Array(0))}` : '';
  const qop = input.qop ?? (isIntegrity ? 'auth-int' : 'auth');
  const ha2 = hashText(`${method}:${uri}${bodyHash}`);
  return hashText(`${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`);
}

/**
 * The rule by which the credentials prove the password; `undefined` if they do not. All values are used as sent, not as
 * issued. The newer rule is tried if nc and cnonce are present, the old one always, because some tools claim `qop=auth`
 * and compute without it. With some tools a user name ends in `@` and is hashed that way.
 *
 * @param password Latin-1 text, one character per octet of what the peer hashed.
 * @param body The body of the request, for `auth-int`.
 */
export function verifyDigest(
  credentials: Credentials,
  method: string,
  password: string,
  body?: Uint8Array,
): DigestRule | undefined {
  const { response, nc, cnonce, qop } = credentials;
  if (!credentials.isDigest || response === undefined) return undefined;
  const input = {
    algorithm: credentials.algorithm,
    username: credentials.username ?? '',
    realm: credentials.realm ?? '',
    password,
    method,
    uri: credentials.uri ?? '',
    nonce: credentials.nonce ?? '',
    nc,
    cnonce,
    qop,
    body,
  };
  const expected = response.toLowerCase();
  if (nc !== undefined && cnonce !== undefined) {
    const rule = qop?.toLowerCase() === 'auth-int' ? 'rfc2617-auth-int' : 'rfc2617-auth';
    if (computeDigestResponse({ ...input, rule }) === expected) return rule;
  }
  return computeDigestResponse({ ...input, rule: 'rfc2069' }) === expected ? 'rfc2069' : undefined;
}

/** The contents of a challenge. The realm has only letters, digits, `.` and `_`, because tools read no others. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly qop?: 'auth';
  readonly opaque?: string;
  readonly stale?: boolean;
  /** @default 'algorithm-first' */
  readonly form?: ChallengeForm;
  /**
   * Without the algorithm, which is then MD5 (RFC 7616 §3.3): 15 octets less, but not every tool can read it. @default
   * false
   */
  readonly isShort?: boolean;
}

/**
 * The order of a challenge's parameters. nmap reads an algorithm only if a comma follows it, so the last two need a qop
 * after it.
 *
 * - `algorithm-first`: `algorithm, realm, nonce, opaque, stale, qop` (Asterisk chan_sip)
 * - `algorithm-behind-nonce`: `realm, nonce, stale, algorithm, qop` (FreeSWITCH)
 * - `without-blanks`: `realm,nonce,opaque,stale,algorithm,qop` (Asterisk chan_pjsip)
 */
export type ChallengeForm = 'algorithm-first' | 'algorithm-behind-nonce' | 'without-blanks';

/** The value of WWW-Authenticate or Proxy-Authenticate: `algorithm` unquoted, realm and nonce quoted. */
export function formatChallenge(challenge: Challenge): string {
  const { realm, nonce, qop, opaque, stale, isShort, form = 'algorithm-first' } = challenge;
  const comma = form === 'without-blanks' ? ',' : ', ';
  const algorithm = isShort === true ? '' : 'algorithm=MD5';
  // If nothing would follow it, it comes first; otherwise nmap could not read it.
  const isFirst = form === 'algorithm-first' || qop === undefined;
  const parts = [
    isFirst ? algorithm : '',
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    opaque === undefined ? '' : `opaque="${opaque}"`,
    stale === true ? 'stale=true' : '',
    isFirst ? '' : algorithm,
    qop === undefined ? '' : `qop="${qop}"`,
  ];
  let text = '';
  for (const part of parts) if (part !== '') text += text === '' ? part : comma + part;
  return `Digest ${text}`;
}
