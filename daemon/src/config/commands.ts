// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { COMMENT_CHARACTERS_MAX, KEY_NAME_CHARACTERS_MAX } from '../limits.ts';
import { suggestion } from './nearest.ts';
import { quoted, refusal } from './refusal.ts';

/** What a key of the API may do. */
const ROLES = ['read', 'write', 'admin'] as const;

/** What is done about endpoints that events are posted to. */
export type WebhookCommand =
  | { readonly name: 'webhook status' }
  | { readonly name: 'webhook dead'; readonly webhook: string }
  | {
      readonly name: 'webhook resend' | 'webhook discard';
      readonly webhook: string;
      /** All of the webhook's where it is not given. */
      readonly eventUuid: string | undefined;
    };

/** What is done instead of running. */
export type Command =
  | WebhookCommand
  /** Copy the database to `target` while it may be in use. */
  | { readonly name: 'backup'; readonly target: string }
  | { readonly name: 'keys add'; readonly key: string; readonly role: (typeof ROLES)[number] }
  | { readonly name: 'keys list' }
  | { readonly name: 'keys revoke'; readonly key: string }
  | {
      readonly name: 'allow add';
      readonly value: string;
      /** `undefined` holds always. */
      readonly seconds: number | undefined;
      readonly comment: string;
    }
  | { readonly name: 'allow list' }
  | { readonly name: 'allow remove'; readonly value: string }
  /** An address, or a number in any form. */
  | { readonly name: 'delist'; readonly subject: string; readonly comment: string }
  | { readonly name: 'explain'; readonly subject: string }
  | PeersCommand;

/** What is done about other nodes that shared events. */
export type PeersCommand =
  | { readonly name: 'peers list' }
  | {
      readonly name: 'peers trust' | 'peers distrust' | 'peers forget';
      /** Its id, or `unsigned` for all who sign nothing. */
      readonly nodeId: string;
    };

const FIRST_WORDS = ['backup', 'keys', 'peers', 'webhook', 'allow', 'delist', 'explain'];
const SECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);
const KEY_NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-._';

/** The command that the words of the command line are, or nothing where there are none. */
export function parseCommand(words: readonly string[]): Command | undefined {
  const [first, second, ...more] = words;
  if (first === undefined) return undefined;
  if (first === 'backup') return parseBackup(second, more);
  if (first === 'keys') return parseKeys(second, more);
  if (first === 'peers') return parsePeers(second, more);
  if (first === 'webhook') return parseWebhook(second, more);
  if (first === 'allow') return parseAllow(second, more);
  if (first === 'delist') {
    const subject = needed(second, 'delist WHAT [COMMENT]');
    return { name: 'delist', subject, comment: commentOf(more) };
  }
  if (first === 'explain') {
    refuseMore(more, 'explain WHAT');
    return { name: 'explain', subject: needed(second, 'explain WHAT') };
  }
  const hint =
    suggestion(first, FIRST_WORDS) ||
    `, there are ${FIRST_WORDS.join(', ')}: see sentrypeer --help`;
  throw refusal(`unknown command ${quoted(first)}${hint}`);
}

function parseBackup(target: string | undefined, more: readonly string[]): Command {
  if (target === undefined || target === '') {
    throw refusal('backup needs the file to write: write sentrypeer backup FILE');
  }
  refuseMore(more, 'backup FILE');
  return { name: 'backup', target };
}

function parseKeys(action: string | undefined, words: readonly string[]): Command {
  const [key = '', role, ...more] = words;
  switch (action) {
    case 'add': {
      const known = ROLES.find((name) => name === role);
      checkName(key, 'keys add NAME ROLE');
      if (known === undefined) {
        const given = role === undefined ? 'no role' : `the role ${quoted(role)}`;
        throw refusal(
          `keys add got ${given}: it must be read (look up), write (deliver events) or admin (both)`,
        );
      }
      refuseMore(more, 'keys add NAME ROLE');
      return { name: 'keys add', key, role: known };
    }
    case 'list':
      refuseMore(words, 'keys list');
      return { name: 'keys list' };
    case 'revoke':
      checkName(key, 'keys revoke NAME');
      refuseMore(words.slice(1), 'keys revoke NAME');
      return { name: 'keys revoke', key };
    case undefined:
    default:
      throw refusal(
        `keys ${action === undefined ? 'needs a word more' : `knows no ${quoted(action)}`}: ` +
          'write keys add NAME ROLE, keys list or keys revoke NAME',
      );
  }
}

function parseWebhook(action: string | undefined, words: readonly string[]): Command {
  const [webhook, eventUuid, ...more] = words;
  if (action === 'status') {
    refuseMore(words, 'webhook status');
    return { name: 'webhook status' };
  }
  if (action !== 'dead' && action !== 'resend' && action !== 'discard') {
    const given = action === undefined ? 'needs a word more' : `knows no ${quoted(action)}`;
    throw refusal(
      `webhook ${given}: write webhook status, webhook dead NAME, webhook resend NAME [UUID] or webhook discard NAME [UUID]`,
    );
  }
  if (webhook === undefined) throw refusal(`webhook ${action} needs the name of a webhook`);
  if (action === 'dead') {
    refuseMore(words.slice(1), 'webhook dead NAME');
    return { name: 'webhook dead', webhook };
  }
  refuseMore(more, `webhook ${action} NAME [UUID]`);
  return { name: `webhook ${action}`, webhook, eventUuid: eventUuid?.toLowerCase() };
}

function parseAllow(action: string | undefined, words: readonly string[]): Command {
  const [value, ...more] = words;
  switch (action) {
    case 'add': {
      const named = needed(value, 'allow add WHAT [TIME] [COMMENT]');
      const [time = '', ...comment] = more;
      const seconds = secondsOf(time);
      const isTime = seconds !== undefined || time === 'always';
      return {
        name: 'allow add',
        value: named,
        seconds,
        comment: commentOf(isTime ? comment : more),
      };
    }
    case 'list':
      refuseMore(words, 'allow list');
      return { name: 'allow list' };
    case 'remove':
      refuseMore(more, 'allow remove WHAT');
      return { name: 'allow remove', value: needed(value, 'allow remove WHAT') };
    case undefined:
    default:
      throw refusal(
        `allow ${action === undefined ? 'needs a word more' : `knows no ${quoted(action)}`}: ` +
          'write allow add WHAT [TIME] [COMMENT], allow list or allow remove WHAT',
      );
  }
}

function needed(word: string | undefined, form: string): string {
  if (word !== undefined && word !== '') return word;
  throw refusal(`there is a word missing: write ${form}`);
}

/** Of `90s`, `30m`, `24h`, `7d`. */
function secondsOf(text: string): number | undefined {
  const unit = SECONDS.get(text.slice(-1));
  const digits = text.slice(0, -1);
  if (unit === undefined || digits === '' || digits.length > 6) return undefined;
  for (const digit of digits) if (digit < '0' || digit > '9') return undefined;
  return Number(digits) * unit;
}

function commentOf(words: readonly string[]): string {
  const comment = words.join(' ').trim();
  if (comment.length <= COMMENT_CHARACTERS_MAX) return comment;
  throw refusal(`a comment has at most ${COMMENT_CHARACTERS_MAX} characters`);
}

function parsePeers(action: string | undefined, words: readonly string[]): Command {
  const [node, ...more] = words;
  if (action === 'list') {
    refuseMore(words, 'peers list');
    return { name: 'peers list' };
  }
  if (action !== 'trust' && action !== 'distrust' && action !== 'forget') {
    const given = action === undefined ? 'needs a word more' : `knows no ${quoted(action)}`;
    throw refusal(
      `peers ${given}: write peers list, peers trust NODE, peers distrust NODE or peers forget NODE`,
    );
  }
  const nodeId = node?.toLowerCase() ?? '';
  if (nodeId !== 'unsigned' && !isUuid(nodeId)) {
    throw refusal(
      `${quoted(node ?? '')} is no node: write peers ${action} with the id of a node, or unsigned for all who sign nothing`,
    );
  }
  refuseMore(more, `peers ${action} NODE`);
  return { name: `peers ${action}`, nodeId };
}

function isUuid(text: string): boolean {
  const parts = text.split('-').map((part) => part.length);
  return (
    parts.join(' ') === '8 4 4 4 12' &&
    Array.from(text).every((character) => '0123456789abcdef-'.includes(character))
  );
}

function checkName(key: string, form: string): void {
  const isName =
    key !== '' &&
    key.length <= KEY_NAME_CHARACTERS_MAX &&
    Array.from(key.toLowerCase()).every((character) => KEY_NAME_CHARACTERS.includes(character));
  if (isName) return;
  throw refusal(
    `${quoted(key)} is no name of a key: write ${form} with letters, digits, hyphens, dots and underscores`,
  );
}

function refuseMore([first]: readonly string[], form: string): void {
  if (first !== undefined) throw refusal(`${quoted(first)} is too much: write ${form}`);
}
