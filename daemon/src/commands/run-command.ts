// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { CommandFlagName } from '../config/command-flags.ts';
import { refusal } from '../config/refusal.ts';
import { usageOf, type Command, type CommandContext, type Work } from './command.ts';
import { findCommand } from './find-command.ts';
import { requireDatabase } from './require-database.ts';
import { COMMANDS } from './table.ts';

/** The command line without options. */
interface CommandWords {
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<CommandFlagName, string>;
}

/**
 * Reads everything on the command line that concerns the command; throws a refusal. The database exists when the work
 * runs.
 */
export function prepareCommand({ words, flags }: CommandWords): Work {
  const { command, rest } = findCommand(words);
  for (const name of flags.keys()) refuseForeignFlag(command, name);
  const work = command.prepare({ words: rest, flags });
  const { database = 'current' } = command;
  if (database === 'none') return work;
  return async (context) => {
    await requireDatabase(context, database);
    return work(context);
  };
}

/**
 * Runs a command, even while a daemon uses the database. Throws `OperatingError`.
 *
 * @param said Receives sentences for a person.
 */
export async function runCommand(
  line: CommandWords,
  context: CommandContext,
  said: (remark: string) => void,
): Promise<'good' | 'bad'> {
  const answer = await prepareCommand(line)(context);
  if (answer === undefined) return 'good';
  const { text, json, remark, isBad = false } = answer;
  const isJson = line.flags.has('json');
  context.print(isJson ? `${JSON.stringify(json, undefined, 2)}\n` : text);
  if (remark !== undefined && !isJson) said(remark);
  return isBad ? 'bad' : 'good';
}

function refuseForeignFlag(command: Command, flag: CommandFlagName): void {
  if (flag === 'json' || command.flags?.includes(flag) === true) return;
  const owners = COMMANDS.filter(({ flags }) => flags?.includes(flag) === true);
  throw refusal(
    `--${flag} is not an option of ${usageOf(command)}: it belongs to ${owners.map(({ name }) => name).join(', ')}`,
  );
}
