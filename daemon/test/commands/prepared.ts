// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import type { Work } from '../../src/commands/command.ts';
import { findCommand } from '../../src/commands/find-command.ts';
import { prepareCommand } from '../../src/commands/run-command.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { isRefusal } from '../../src/config/refusal.ts';

/**
 * Reads a command line up to the point where the command would run. @param line Its words, or a text of them with
 * blanks.
 */
export function prepared(line: string | readonly string[], name?: string): Work {
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
  const { words, commandFlags: flags } = parseFlags(argv);
  if (name !== undefined) assert.equal(findCommand(words).command.name, name);
  return prepareCommand({ words, flags });
}

/** As {@link prepared}, for a line that must be refused. @returns The one line of the refusal. */
export function refusedCommand(text: string | readonly string[]): string {
  let message = '';
  assert.throws(
    () => prepared(text),
    (error) => {
      assert.ok(isRefusal(error), String(error));
      message = error.message;
      return true;
    },
  );
  assert.ok(!message.includes('\n'), 'one line');
  return message;
}
