// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ApiKeys } from '@sentrypeer/store';
import { quoted, refusal } from '../config/refusal.ts';
import { KEY_NAME_CHARACTERS_MAX } from '../limits.ts';
import type { Command, CommandContext } from './command.ts';
import { formatTable, utc } from './text.ts';
import { refuseMore } from './words.ts';

/** What an API key may do. */
const ROLES = ['read', 'write', 'admin'] as const;
const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-._';

const ADD: Command = {
  name: 'keys add',
  form: 'NAME ROLE',
  doc: 'Make a key for the API and print it, only this once: only its hash is kept. ROLE is `read` (look up, raw messages), `write` (deliver events) or `admin` (both, decide what is listed, and trust or distrust other nodes).',
  examples: [['keys add pbx read > pbx.key', 'Nothing but the key goes to standard output.']],
  prepare: ({ words: [name = '', role, ...more] }) => {
    checkName(name, 'keys add NAME ROLE');
    const known = ROLES.find((each) => each === role);
    if (known === undefined) {
      const given = role === undefined ? 'no role' : `the role ${quoted(role)}`;
      throw refusal(
        `keys add got ${given}: it must be read (look up), write (deliver events) or admin (both)`,
      );
    }
    refuseMore(more, 'keys add NAME ROLE');
    return async (context) => {
      using keys = await openKeys(context);
      const key = keys.add(name, known);
      return {
        text: `${key}\n`,
        json: { name, role: known, key },
        remark: `This is the key ${name} (${known}). It is shown this once; only its hash is kept.\n`,
        takeBack: () => revokeUnseen(context, name),
      };
    };
  },
};

const LIST: Command = {
  name: 'keys list',
  form: '',
  doc: 'Print names, roles and times of the keys.',
  prepare: ({ words }) => {
    refuseMore(words, 'keys list');
    return async (context) => {
      using keys = await openKeys(context, 'look');
      const list = keys.list();
      return {
        text: formatTable(
          list.map(({ name, role, createdEpochUs }) => [name, role, utc(createdEpochUs)]),
        ),
        json: list.map(({ name, role, createdEpochUs }) => ({
          name,
          role,
          created: utc(createdEpochUs),
        })),
        ...(list.length === 0
          ? { remark: 'There are no keys; keys add NAME ROLE creates one.\n' }
          : {}),
      };
    };
  },
};

const REVOKE: Command = {
  name: 'keys revoke',
  form: 'NAME',
  doc: 'Revoke a key; a running daemon refuses it at once.',
  prepare: ({ words: [name = '', ...more] }) => {
    checkName(name, 'keys revoke NAME');
    refuseMore(more, 'keys revoke NAME');
    return async (context) => {
      using keys = await openKeys(context);
      keys.revoke(name);
      return { text: `The key ${name} is revoked.\n`, json: { name, revoked: true } };
    };
  },
};

export const KEYS: readonly Command[] = [ADD, LIST, REVOKE];

async function openKeys(
  { config, clock, logger }: CommandContext,
  purpose: 'change' | 'look' = 'change',
): Promise<ApiKeys> {
  const { ApiKeys } = await import('@sentrypeer/store');
  return ApiKeys.open({ clock, logger }, config.dbFile, purpose);
}

async function revokeUnseen(context: CommandContext, name: string): Promise<string> {
  try {
    using keys = await openKeys(context);
    keys.revoke(name);
    return `nobody has seen the key ${name}, so it is revoked again`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `nobody has seen the key ${name}, but it is valid, because it could not be revoked (${why}); run sentrypeer keys revoke ${name}`;
  }
}

function checkName(name: string, form: string): void {
  const isName =
    name !== '' &&
    name.length <= KEY_NAME_CHARACTERS_MAX &&
    Array.from(name.toLowerCase()).every((character) => NAME_CHARACTERS.includes(character));
  if (isName) return;
  throw refusal(
    `${quoted(name)} is not a valid key name: write ${form} with letters, digits, hyphens, dots and underscores`,
  );
}
