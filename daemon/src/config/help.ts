// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { usageOf, type Command } from '../commands/command.ts';
import { COMMANDS } from '../commands/table.ts';
import { COMMAND_FLAG_ENTRIES, COMMAND_FLAGS } from './command-flags.ts';
import { isSwitch } from './option.ts';
import { optionTexts, type OptionText } from './option-text.ts';
import { SUMMARY, SYNOPSIS } from './reference.ts';

/** Columns that every terminal has. */
const COLUMNS = 80;
/** Column at which explanations begin. */
const INDENT = 28;

/** What `--help` prints. */
export function formatHelp(): string {
  const lines = SYNOPSIS.map(
    (form, index) => `${index === 0 ? 'Usage:' : '      '} sentrypeer ${form}`,
  );
  lines.push(`${SUMMARY}.`);
  for (const [title, texts] of optionTexts()) {
    lines.push('', `${title}:`, ...texts.flatMap(optionLines));
  }
  lines.push('', 'Commands:');
  for (const command of COMMANDS) lines.push(...entry(usageOf(command), plain(command.doc)));
  lines.push(
    '',
    'Flags of commands (COMMAND --help says which):',
    ...COMMAND_FLAG_ENTRIES.flatMap(flagLines),
  );
  lines.push(
    '',
    ...wrap(
      'Every option is an environment variable too (SENTRYPEER_DB_FILE) and a key of the' +
        ' configuration file (db_file); a switch is turned off by --api=off. See the man page.',
      COLUMNS,
    ),
  );
  return `${lines.join('\n')}\n`;
}

/** What `COMMAND --help` prints; for several commands with the same first word, all of them. */
export function formatCommandHelp(commands: readonly Command[]): string {
  return commands.map(commandHelp).join('\n');
}

function commandHelp(command: Command): string {
  const lines = [
    `Usage: sentrypeer [OPTION]... ${usageOf(command)}`,
    ...wrap(plain(command.doc), COLUMNS),
    '',
    'Flags:',
  ];
  for (const name of [
    ...(command.flags ?? []),
    ...(command.insteadOfJson === undefined ? (['json'] as const) : []),
  ]) {
    lines.push(...flagLines([name, COMMAND_FLAGS[name]]));
  }
  lines.push(
    ...entry('-f, --db-file FILE', 'The database, where it is not the one that the daemon uses.'),
  );
  if (command.examples !== undefined) lines.push('', 'Examples:');
  for (const [words, doc] of command.examples ?? []) {
    lines.push(`  sentrypeer ${words}`, `      ${plain(doc)}`);
  }
  return `${lines.join('\n')}\n`;
}

function flagLines([
  name,
  { placeholder, doc },
]: (typeof COMMAND_FLAG_ENTRIES)[number]): readonly string[] {
  return entry(`    --${name} ${placeholder}`.trimEnd(), plain(doc));
}

/** Text without the marks around literal parts. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function optionLines({ names, placeholder, doc, option }: OptionText): readonly string[] {
  const flag = names.length === 1 ? `    ${names.join('')}` : names.join(', ');
  const facts: string[] = [];
  if (option !== undefined && !isSwitch(option)) {
    facts.push(`default: ${option.defaultText}`);
    if (option.implies !== undefined) facts.push(`turns on --${option.implies}`);
    if (option.type.repeatable) facts.push('repeatable');
  }
  const explained = facts.length === 0 ? doc : `${doc} (${facts.join('; ')})`;
  return entry(`${flag} ${placeholder}`.trimEnd(), explained);
}

function entry(name: string, explained: string): readonly string[] {
  const [first = '', ...more] = wrap(explained, COLUMNS - INDENT);
  const margin = ' '.repeat(INDENT);
  const head = `  ${name}`;
  const lines = more.map((line) => margin + line);
  if (head.length + 2 > INDENT) return [head, margin + first, ...lines];
  return [head.padEnd(INDENT) + first, ...lines];
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
