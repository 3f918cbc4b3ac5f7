// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { utf8FromLatin1 } from '@sentrypeer/bytes';
import { unreachable } from '@sentrypeer/kernel';
import { digitsOf, parseSipviciousTag, verifyDigest, type SipMessage } from '../src/index.ts';

const textOrNull = (text: string | undefined): string | null => text ?? null;

/** Fields by their names in the manifests, whose `rules` explain them. */
export type Expectation = Readonly<Record<string, unknown>>;

/** How each field of `expect` is read off a message. A field that is missing here fails the test. */
export const FIELDS: Readonly<
  Record<string, (message: SipMessage, expect: Expectation) => unknown>
> = {
  kind: (message) => message.kind,
  method: (message) => textOrNull(message.method),
  request_uri: (message) => textOrNull(message.requestUri),
  sip_version: (message) => textOrNull(message.sipVersion),
  status_code: (message) => String(message.statusCode),
  reason: (message) => utf8FromLatin1(message.reasonPhrase ?? ''),
  called_number: (message) => textOrNull(message.called.number),
  called_number_source: (message) => message.called.source,
  request_uri_user: (message) => textOrNull(message.requestUriParsed?.user),
  to_uri: (message) => textOrNull(message.to?.uri.text),
  to_user: (message) => textOrNull(message.toUser),
  to_tag: (message) => textOrNull(message.to?.tag),
  from_uri: (message) => textOrNull(message.from?.uri.text),
  from_user: (message) => textOrNull(message.fromUser),
  from_tag: (message) => textOrNull(message.from?.tag),
  user_agent: (message) => textOrNull(message.userAgent),
  call_id: (message) => textOrNull(message.callId),
  cseq_number: (message) => textOrNull(message.cseq?.number),
  cseq_method: (message) => textOrNull(message.cseq?.method),
  via_count: (message) => message.vias.length,
  top_via_transport: (message) => textOrNull(message.vias[0]?.transport),
  top_via_sent_by: (message) => textOrNull(message.vias[0]?.sentBy),
  top_via_branch: (message) => textOrNull(message.vias[0]?.branch),
  content_length: (message) => {
    const values = message.headerValues('content-length');
    return values.length > 1 ? values : (values[0] ?? null);
  },
  content_type: (message) => textOrNull(message.header('content-type')),
  body_bytes: (message) => message.bodySize,
  headers_terminated: (message) => message.headersTerminated,
  trailing_bytes_after_message: (message) =>
    message.octets.length - message.bodyOffset - message.bodySize,
  search_key: (message) => digitsOf(message.called.number ?? ''),
  phone_context: (message) => textOrNull(message.called.phoneContext),
  uri_password: (message) => textOrNull(message.called.password),
  request_uri_host: (message) => textOrNull(message.requestUriParsed?.host),
  request_uri_port: (message) => message.requestUriParsed?.port ?? null,
  from_display_name: (message) => textOrNull(message.from?.displayName),
  via_sent_by: (message) => message.vias.map(({ sentBy }) => sentBy),
  top_via_received: (message) => textOrNull(message.vias[0]?.received),
  top_via_rport: (message) => textOrNull(message.vias[0]?.rport),
  headers: (message) => message.headers.map(({ name, id, value }) => [name, id, value]),
  authorization_scheme: (message) => textOrNull(message.credentials?.scheme),
  decoded_from_tag: (message) => decodedFromTag(message),
  authorization: (message) => Object.fromEntries(message.credentials?.parameters ?? []),
  digest_verifies_with: (message, expect) => {
    const { password } = expect['digest_verifies_with'] as { readonly password: string };
    const { credentials, method } = message;
    assert.ok(credentials !== undefined && method !== undefined);
    return { password, rule: verifyDigest(credentials, method, password) };
  },
};

export function decodedFromTag(message: SipMessage): unknown {
  const decoded = parseSipviciousTag(message.from?.tag ?? '', message.fromUser);
  if (decoded === undefined) return undefined;
  switch (decoded.kind) {
    case 'target':
      return { target_address: decoded.address, target_port: decoded.port };
    case 'account':
      return { account: decoded.account };
    case 'guess':
      return { user: decoded.user, password: decoded.password };
    default:
      return unreachable(decoded);
  }
}

/** What a message says to each of the expected fields. */
export function fieldsOf(message: SipMessage, expect: Expectation): Expectation {
  return Object.fromEntries(
    Object.keys(expect).map((name) => {
      const read = FIELDS[name];
      assert.ok(read, `${name} is expected, and nothing here reads it`);
      return [name, read(message, expect)];
    }),
  );
}
