// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, terminalSafeJson } from '@sentrypeer/kernel';
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

interface CommandOutput {
  /** Prints sentences for a person. */
  readonly said: (remark: string) => void;
  /** Prints to standard output like the context's `print()`; rejects if it was not taken. */
  readonly deliver: (text: string) => Promise<void>;
}

/** Runs a command, even while a daemon uses the database. Throws `OperatingError`. */
export async function runCommand(
  line: CommandWords,
  context: CommandContext,
  { said, deliver }: CommandOutput,
): Promise<'good' | 'bad'> {
  const answer = await prepareCommand(line)(context);
  if (answer === undefined) return 'good';
  const { text, json, remark, isBad = false, takeBack } = answer;
  const isJson = line.flags.has('json');
  const printed = isJson ? `${terminalSafeJson(JSON.stringify(json, undefined, 2))}\n` : text;
  if (takeBack !== undefined) {
    await deliver(printed).catch(async (cause: unknown) => refuseUnseen(cause, takeBack));
  } else if (printed !== '') context.print(printed); // An empty answer cannot get lost, not even on a full disk.
  if (remark !== undefined && !isJson) said(remark);
  return isBad ? 'bad' : 'good';
}

/** Nobody saw the secret that the answer contains. */
async function refuseUnseen(cause: unknown, takeBack: () => Promise<string>): Promise<never> {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new OperatingError(
    'output_failed',
    `the answer could not be written to standard output (${why}): ${await takeBack()}`,
    { cause },
  );
}

function refuseForeignFlag(command: Command, flag: CommandFlagName): void {
  if (flag === 'json' && command.insteadOfJson !== undefined)
    throw refusal(`${command.name} has no --json: ${command.insteadOfJson}`);
  if (flag === 'json' || command.flags?.includes(flag) === true) return;
  const owners = COMMANDS.filter(({ flags }) => flags?.includes(flag) === true);
  throw refusal(
    `--${flag} is not an option of ${usageOf(command)}: it belongs to ${owners.map(({ name }) => name).join(', ')}`,
  );
}
