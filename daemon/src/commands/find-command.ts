// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { suggestion } from '../config/nearest.ts';
import { quoted, refusal } from '../config/refusal.ts';
import { usageOf, type Command } from './command.ts';
import { COMMANDS } from './table.ts';

/** The command that the words begin with, and the words after its name; refuses an unknown command. */
export function findCommand(words: readonly string[]): {
  readonly command: Command;
  readonly rest: readonly string[];
} {
  const [first = '', second] = words;
  const command =
    COMMANDS.find(({ name }) => name === `${first} ${second ?? ''}`) ??
    COMMANDS.find(({ name }) => name === first);
  if (command !== undefined) {
    return { command, rest: words.slice(command.name.split(' ').length) };
  }
  const family = commandsOf(first);
  const meant = second === undefined && family.find(({ isMeantAlone }) => isMeantAlone);
  if (meant) return { command: meant, rest: [] };
  if (family.length > 0) {
    const forms = family.map(usageOf);
    const last = forms.pop() ?? '';
    throw refusal(
      `${first} ${second === undefined ? 'needs one more word' : `does not know ${quoted(second)}`}: ` +
        `write ${forms.length === 0 ? '' : `${forms.join(', ')} or `}${last}`,
    );
  }
  const names = firstWords();
  throw refusal(
    `unknown command ${quoted(first)}${suggestion(first, names) || `, there are ${names.join(', ')}: see sentrypeer --help`}`,
  );
}

/** Commands whose name begins with this word. */
export function commandsOf(first: string): readonly Command[] {
  return COMMANDS.filter(({ name }) => name.split(' ')[0] === first);
}

/** The first word of each command, once. */
function firstWords(): readonly string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))];
}
