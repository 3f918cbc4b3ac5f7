// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import { COMMAND_FLAG_ENTRIES, type CommandFlag, type CommandFlagName } from './command-flags.ts';
import { isSwitch, type Option } from './option.ts';
import { PRINT_FLAGS } from './options.ts';
import { suggestion } from './nearest.ts';
import { quoted, refusal } from './refusal.ts';
import { OPTION_ENTRIES, type ConfigKey, type Setting, type Settings } from './settings.ts';

/** The contents of the command line. */
export interface ParsedFlags {
  readonly settings: Settings;
  /** What is not a flag: a command and its arguments. */
  readonly words: readonly string[];
  /** Flags of commands; a switch has an empty text. */
  readonly commandFlags: ReadonlyMap<CommandFlagName, string>;
  /** `--help`, `--version` or `--licences` was found: nothing after it was looked at. */
  readonly print: keyof typeof PRINT_FLAGS | undefined;
}

type Found =
  | { readonly kind: 'option'; readonly key: ConfigKey; readonly option: Option<unknown> }
  | { readonly kind: 'command'; readonly name: CommandFlagName; readonly flag: CommandFlag }
  | { readonly kind: 'print'; readonly what: keyof typeof PRINT_FLAGS };

/** Filled while the command line is read. */
interface Given {
  readonly settings: Map<ConfigKey, Setting>;
  readonly commandFlags: Map<CommandFlagName, string>;
}

const FLAGS: ReadonlyMap<string, Found> = flagTable();

/**
 * Reads the command line as getopt_long does: `-dras`, `-f path`, `-fpath`, `--db-file path`, `--db-file=path`, `--`. A
 * switch can be turned off by `--api=off`.
 *
 * @param argv Without the names of the interpreter and the program.
 */
export function parseFlags(argv: readonly string[]): ParsedFlags {
  const given = { settings: new Map(), commandFlags: new Map() } satisfies Given;
  const words: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      words.push(...rest);
      break;
    }
    if (word === '-' || !word.startsWith('-') || (words[0] === 'peers' && isNodeKey(word))) {
      words.push(word);
      continue;
    }
    const print = word.startsWith('--')
      ? parseLong(word, rest, given)
      : parseShort(word, rest, given.settings);
    if (print === 'version' && rest.includes(`--${PRINT_FLAGS.licences.long}`))
      return { ...given, words, print: 'licences' };
    if (print !== undefined) return { ...given, words, print };
  }
  return { ...given, words, print: undefined };
}

/** Whether it is the key of a node: one in 64 begins with a hyphen. 32 octets in base64url, the last 2 bits zeros. */
function isNodeKey(word: string): boolean {
  return /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(word);
}

function parseLong(word: string, rest: string[], given: Given): ParsedFlags['print'] {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  const found = FLAGS.get(name) ?? unknownFlag(name, name);
  if (found.kind === 'print') {
    if (attached !== undefined) throw refusal(`${name} takes no value: write ${name} alone`);
    return found.what;
  }
  if (found.kind === 'command') {
    setCommandFlag(given.commandFlags, found, attached, rest);
    return undefined;
  }
  const text = attached ?? valueBehind(name, found.option, rest);
  set(given.settings, found, name, text);
  return undefined;
}

function setCommandFlag(
  flags: Map<CommandFlagName, string>,
  { name, flag }: Found & { readonly kind: 'command' },
  attached: string | undefined,
  rest: string[],
): void {
  const long = `--${name}`;
  const isSwitch = flag.placeholder === '';
  if (isSwitch && attached !== undefined) {
    throw refusal(`${long} takes no value: write ${long} alone`);
  }
  const text = isSwitch
    ? ''
    : (attached ?? nextWord(long, { long: name, type: { placeholder: flag.placeholder } }, rest));
  const before = flags.get(name);
  if (before !== undefined && before !== text) {
    throw refusal(
      `${long} is given twice, as ${quoted(before)} and ${quoted(text)}: leave one out`,
    );
  }
  flags.set(name, text);
}

/** Letters after one hyphen; the first one that takes a value takes the rest of the word, or the next word. */
function parseShort(
  word: string,
  rest: string[],
  settings: Map<ConfigKey, Setting>,
): ParsedFlags['print'] {
  for (let index = 1; index < word.length; index += 1) {
    const name = `-${word.charAt(index)}`;
    const found = FLAGS.get(name) ?? unknownFlag(name, word);
    if (found.kind === 'print') return found.what;
    assert(found.kind === 'option', 'flags of commands have no letters');
    if (isSwitch(found.option)) {
      set(settings, found, name, 'on');
      continue;
    }
    const attached = word.slice(index + 1);
    if (attached.startsWith('=')) {
      const { long, type } = found.option;
      const given = type.isSecret === true ? `${word.slice(0, index + 1)}=` : word;
      throw refusal(
        `${quoted(given)}: write ${name} ${type.placeholder} or --${long}=${type.placeholder}`,
      );
    }
    set(settings, found, name, attached === '' ? nextWord(name, found.option, rest) : attached);
    return undefined;
  }
  return undefined;
}

/** What follows a long name: nothing after a switch; the value is optional if the name alone has a meaning. */
function valueBehind(name: string, option: Option<unknown>, rest: string[]): string {
  if (isSwitch(option)) return 'on';
  if (option.bare === undefined) return nextWord(name, option, rest);
  const [next] = rest;
  if (next === undefined || option.type.parse(next) === undefined) return option.bare;
  rest.shift();
  return next;
}

function nextWord(
  name: string,
  option: {
    readonly long: string;
    readonly type: { readonly placeholder: string; readonly isSecret?: boolean };
  },
  rest: string[],
): string {
  const { placeholder } = option.type;
  const word = rest.shift();
  if (word === undefined) throw refusal(`${name} needs a value: write ${name} ${placeholder}`);
  if (word.startsWith('-') && word !== '-') {
    const follows = option.type.isSecret === true ? 'one with a hyphen' : quoted(word);
    throw refusal(
      `${name} needs a value, but ${follows} follows: write ${name} ${placeholder}, ` +
        `or --${option.long}=${placeholder} where it begins with a hyphen`,
    );
  }
  return word;
}

function set(
  settings: Map<ConfigKey, Setting>,
  found: Found & { readonly kind: 'option' },
  name: string,
  text: string,
): void {
  const before = settings.get(found.key);
  const origin = { kind: 'flag', text: name } as const;
  if (before === undefined || before.text === text) {
    settings.set(found.key, { text, origin });
    return;
  }
  const { repeatable, isSecret = false } = found.option.type;
  if (!repeatable) {
    const values = isSecret ? '' : `, as ${quoted(before.text)} and ${quoted(text)}`;
    throw refusal(`${name} is given twice${values}: leave one out`);
  }
  settings.set(found.key, { text: `${before.text},${text}`, origin });
}

function unknownFlag(name: string, word: string): never {
  // "-responsive" was meant as a long name, "-S" perhaps as "-s".
  const meant = word.startsWith('--') ? word : word.length > 2 ? `-${word}` : swapCase(name);
  const hint =
    word.length === 2 && FLAGS.has(meant)
      ? `, did you mean ${meant}?`
      : suggestion(
          meant,
          [...FLAGS.keys()].filter((flag) => flag.startsWith('--')),
        );
  const inside = name === word ? '' : ` in ${quoted(word)}`;
  throw refusal(
    `unknown option ${quoted(name)}${inside}${hint || ', see sentrypeer --help for those there are'}`,
  );
}

function swapCase(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
}

function flagTable(): ReadonlyMap<string, Found> {
  const flags = new Map<string, Found>();
  for (const [key, option] of OPTION_ENTRIES) {
    flags.set(`--${option.long}`, { kind: 'option', key, option });
    if (option.short !== undefined) flags.set(`-${option.short}`, { kind: 'option', key, option });
  }
  for (const [name, flag] of COMMAND_FLAG_ENTRIES) {
    flags.set(`--${name}`, { kind: 'command', name, flag });
  }
  for (const what of ['help', 'version', 'licences'] as const) {
    const { long, short } = PRINT_FLAGS[what];
    flags.set(`--${long}`, { kind: 'print', what });
    if (short !== undefined) flags.set(`-${short}`, { kind: 'print', what });
  }
  return flags;
}
