// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Answers compared field by field: what must be the same text, and what only the same form. */

/** A request and what was answered. */
export interface Said {
  readonly sent: string;
  readonly replies: readonly string[];
}

interface Reply {
  readonly status: string;
  readonly reason: string;
  readonly names: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly body: readonly string[];
}

/** A message of a capture: line ends come back, and the empty line. */
export function messageOf(lines: string): string {
  const text = lines.replace(/\n$/u, '').replaceAll('\n', '\r\n');
  const hasBody = text.includes('\r\n\r\n');
  return hasBody || (!text.includes(' SIP/') && !text.startsWith('SIP/'))
    ? `${text}\r\n`
    : `${text}\r\n\r\n`;
}

/** The fields in which answers differ; only `status` if that differs. */
export function differences(ours: Said, theirs: Said, _options: unknown): readonly string[] {
  const fields = new Set<string>();
  const wanted = theirs.replies.map(replyOf);
  const given = ours.replies.map(replyOf);
  const statuses = (list: readonly Reply[]): string => list.map(({ status }) => status).join(' ');
  if (statuses(given) !== statuses(wanted)) {
    fields.add(`status ${statuses(given) || 'silence'} for ${statuses(wanted) || 'silence'}`);
  }
  for (const reply of given) {
    const other = wanted.find(({ status }) => status === reply.status);
    if (other !== undefined) compare(reply, other, fields);
  }
  return [...fields];
}

function compare(ours: Reply, theirs: Reply, fields: Set<string>): void {
  if (ours.reason !== theirs.reason) fields.add('reason');
  if (ours.names.join() !== theirs.names.join()) fields.add('header order');
  for (const [name, value] of theirs.values) {
    const said = ours.values.get(name);
    if (said !== undefined && formOf(name, said) !== formOf(name, value)) fields.add(name);
  }
  const bodyOf = (lines: readonly string[]): string => lines.map(withoutPort).join('\n');
  if (bodyOf(ours.body) !== bodyOf(theirs.body)) fields.add('body');
}

function replyOf(text: string): Reply {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [first = '', ...lines] = head.split('\r\n');
  const names = lines.map((line) => line.slice(0, line.indexOf(':')));
  const values = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  return {
    status: first.slice(8, 11),
    reason: first.slice(12),
    names,
    values,
    body: body === '' ? [] : body.trimEnd().split('\r\n'),
  };
}

/** The text with its random parts replaced by their form, letter by letter. */
function formOf(name: string, value: string): string {
  if (name === 'To' || name === 't') return formOfTag(value);
  if (name.endsWith('Authenticate')) return formOfChallenge(value);
  if (name === 'Date') return value.replaceAll(/\d/gu, 'N').replaceAll(/[A-Z][a-z]{2}/gu, 'Mon');
  if (name === 'Content-Length')
    return value.replaceAll(/\d+/gu, (digits) => (digits === '0' ? '0' : 'N'));
  return value;
}

function formOfTag(value: string): string {
  const [before = '', tag] = value.split(';tag=');
  if (tag === undefined || tag.startsWith('z9hG4bK') || tag === 'nothing1') return value;
  return `${before};tag=${kindOf(tag)}`;
}

function formOfChallenge(value: string): string {
  return value.replaceAll(
    /(nonce|opaque)="([^"]*)"/gu,
    (_, name: string, text: string) => `${name}="${kindOf(text)}"`,
  );
}

const KINDS: readonly (readonly [string, RegExp])[] = [
  ['as and 8 hex', /^as[0-9a-f]{8}$/u],
  ['hex', /^[0-9a-f]+$/u],
  ['UUID', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u],
  ['time and hex', /^\d{10}\/[0-9a-f]{32}$/u],
  ['hex.hex', /^[0-9a-f]{32}\.[0-9a-f]{8}$/u],
  ['letters', /^[0-9A-Za-z]{13}$/u],
  ['base64', /^[0-9A-Za-z+/]{32}$/u],
];

/** What kind of text it is, with its length. */
function kindOf(text: string): string {
  return `${KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? text} ${text.length}`;
}

function withoutPort(line: string): string {
  return line.replace(/^m=audio \d+/u, 'm=audio N').replace(/^o=root \d+ \d+/u, 'o=root N N');
}
