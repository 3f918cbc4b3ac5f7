// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { basename, join } from 'node:path';
import { SERVICE_UNIT_CHARACTERS_MAX } from '../limits.ts';

/** The systemd unit by which packages and operators start the daemon. */
const UNIT = 'sentrypeer.service';
/** Where units are, strongest first (systemd.unit(5)). */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
/** Specifiers of a system unit that can be resolved without systemd (systemd.unit(5)). */
const SPECIFIERS: ReadonlyMap<string, string> = new Map([
  ['%', '%'],
  ['S', '/var/lib'],
  ['E', '/etc'],
  ['t', '/run'],
  ['L', '/var/log'],
  ['C', '/var/cache'],
  ['n', UNIT],
  ['N', 'sentrypeer'],
  ['p', 'sentrypeer'],
]);

/** How systemd starts the daemon. */
export interface ServiceUnit {
  /** The file of the unit, for messages. */
  readonly path: string;
  /** Without the names of the interpreter and the program. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where relative paths begin. */
  readonly workingDirectory: string;
  /** Home of the user that it runs as, if known. */
  readonly homeDirectory: string | undefined;
}

interface UnitFiles {
  /** The text of a file; throws what `fs.readFileSync` throws. */
  readFile(path: string): string;
  /** Names in a directory; none if it cannot be read. */
  listDirectory(path: string): readonly string[];
}

/** Reads the unit and its drop-ins; `undefined` if there is none that this user may read. */
export function readServiceUnit(files: UnitFiles): ServiceUnit | undefined {
  const found = FOLDERS.map((folder) => join(folder, UNIT)).find(
    (path) => textOf(files, path) !== undefined,
  );
  if (found === undefined) return undefined;
  const lines = [found, ...dropIns(files)].flatMap((path) => serviceLines(textOf(files, path)));
  const last = (name: string): string => lines.findLast(([key]) => key === name)?.[1] ?? '';
  const homeDirectory = homeOf(files, last('User') || 'root');
  const specified = (text: string): string => withSpecifiers(text, homeDirectory);
  const env = environmentOf(files, lines, specified);
  const workingDirectory = specified(last('WorkingDirectory')).replace(/^[-~]/, '') || '/';
  const command = splitWords(specified(last('ExecStart'))).map((word) => withVariables(word, env));
  return { path: found, argv: argumentsOf(command), env, workingDirectory, homeDirectory };
}

/**
 * Drop-ins of weaker folders also apply, unless a stronger folder has a file of the same name; all in the order of
 * their names.
 */
function dropIns(files: UnitFiles): readonly string[] {
  const byName = new Map<string, string>();
  for (const folder of FOLDERS) {
    const inside = join(folder, `${UNIT}.d`);
    for (const name of files.listDirectory(inside)) {
      if (name.endsWith('.conf') && !byName.has(name)) byName.set(name, join(inside, name));
    }
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Keys and values of the section `[Service]`. */
function serviceLines(text: string | undefined): readonly (readonly [string, string])[] {
  const entries: [string, string][] = [];
  let section = '';
  for (const line of (text ?? '').replaceAll('\\\n', ' ').split('\n')) {
    const trimmed = line.trim();
    if (trimmed.startsWith('[')) section = trimmed;
    const equals = trimmed.indexOf('=');
    if (section !== '[Service]' || equals < 1 || '#;'.includes(trimmed.charAt(0))) continue;
    entries.push([trimmed.slice(0, equals).trim(), trimmed.slice(equals + 1).trim()]);
  }
  return entries;
}

function environmentOf(
  files: UnitFiles,
  lines: readonly (readonly [string, string])[],
  specified: (text: string) => string,
): Readonly<Record<string, string>> {
  const pairs: (readonly [string, string])[] = [];
  const add = (assignment: string): void => {
    const equals = assignment.indexOf('=');
    if (equals > 0) pairs.push([assignment.slice(0, equals), assignment.slice(equals + 1)]);
  };
  for (const [key, value] of lines) {
    if (key === 'Environment') splitWords(specified(value)).forEach(add);
    if (key !== 'EnvironmentFile') continue;
    const path = specified(value).replace(/^-/, '');
    for (const line of (textOf(files, path) ?? '').split('\n')) {
      if (!'#;'.includes(line.trim().charAt(0) || '#')) add(splitWords(line.trim()).join(' '));
    }
  }
  return Object.fromEntries(pairs);
}

/** The arguments of the program: `sentrypeer …`, or `node [FLAG]... FILE …`. */
function argumentsOf([program = '', ...words]: readonly string[]): readonly string[] {
  const name = basename(program.replace(/^[-@:+!|]+/, ''));
  if (name === 'sentrypeer' || name === 'sentrypeer.js') return words;
  if (name !== 'node' && name !== 'nodejs') return [];
  const script = words.findIndex((word) => !word.startsWith('-'));
  return script < 0 ? [] : words.slice(script + 1);
}

/** Splits as systemd does: blanks between words, quotes around them (systemd.syntax(7)). */
function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\' && quote !== "'") {
      index += 1;
      word = (word ?? '') + text.charAt(index);
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (quote !== '' && character === quote) {
      quote = '';
    } else if (quote === '' && (character === ' ' || character === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  return word === undefined ? words : [...words, word];
}

function withSpecifiers(text: string, home: string | undefined): string {
  return text.replace(/%(.)/g, (written, letter: string) =>
    letter === 'h' ? (home ?? written) : (SPECIFIERS.get(letter) ?? written),
  );
}

function withVariables(word: string, env: Readonly<Record<string, string>>): string {
  return word.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced?: string, bare?: string) => {
    return env[braced ?? bare ?? ''] ?? '';
  });
}

/** The sixth field of passwd(5). */
function homeOf(files: UnitFiles, user: string): string | undefined {
  const lines = (textOf(files, '/etc/passwd') ?? '').split('\n');
  return lines.map((line) => line.split(':')).find(([name]) => name === user)?.[5];
}

function textOf(files: UnitFiles, path: string): string | undefined {
  try {
    return files.readFile(path).slice(0, SERVICE_UNIT_CHARACTERS_MAX);
  } catch {
    return undefined; // Missing, or unreadable for this user: it says nothing.
  }
}
