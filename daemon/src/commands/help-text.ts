// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatCommandHelp, formatHelp } from '../config/help.ts';
import { commandsOf, findCommand } from './find-command.ts';

/** What `--help` prints after these words: about the whole program, or about one command. */
export function helpText(words: readonly string[]): string {
  const [first, second] = words;
  if (first === undefined) return formatHelp();
  const family = commandsOf(first);
  // `keys --help` is about all commands that begin with keys.
  if (second === undefined && family.length > 0) return formatCommandHelp(family);
  return formatCommandHelp([findCommand(words).command]);
}
