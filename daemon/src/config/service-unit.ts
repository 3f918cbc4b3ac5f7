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

const DIRECTORIES = [
  ['State', '/var/lib'],
  ['Configuration', '/etc'],
  ['Runtime', '/run'],
  ['Logs', '/var/log'],
  ['Cache', '/var/cache'],
] as const;

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
  const inside = specified(last('WorkingDirectory')).replace(/^-/, '');
  const workingDirectory = (inside === '~' ? homeDirectory : inside) || '/';
  const known = { ...directoriesOf(lines, homeDirectory), ...env };
  const command = splitWords(specified(last('ExecStart')));
  const argv = argumentsOf(command.map((word) => withVariables(word, known)));
  return { path: found, argv, env, workingDirectory, homeDirectory };
}

/** Variables that systemd sets (systemd.exec(5)). */
function directoriesOf(
  lines: readonly (readonly [string, string])[],
  home: string | undefined,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = home === undefined ? {} : { HOME: home };
  for (const [key, base] of DIRECTORIES) {
    const names = lines.findLast(([name]) => name === `${key}Directory`)?.[1] ?? '';
    const first = names.split(' ').find((name) => name !== '');
    if (first !== undefined) variables[`${key.toUpperCase()}_DIRECTORY`] = join(base, first);
  }
  return variables;
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
  let begun = '';
  for (const line of (text ?? '').split('\n')) {
    // A comment may stand between the lines of one setting.
    if (begun !== '' && '#;'.includes(line.trim().charAt(0) || ' ')) continue;
    const whole = begun + line.trimEnd();
    begun = whole.endsWith('\\') ? `${whole.slice(0, -1)} ` : '';
    if (begun !== '') continue;
    const trimmed = whole.trim();
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
  const [own, fromFiles] = [new Map<string, string>(), new Map<string, string>()];
  const add = (to: Map<string, string>, assignment: string): void => {
    const equals = assignment.indexOf('=');
    if (equals > 0) to.set(assignment.slice(0, equals), assignment.slice(equals + 1));
  };
  for (const [key, value] of lines) {
    if (key === 'Environment') {
      if (value === '') own.clear();
      for (const word of splitWords(specified(value))) add(own, word);
    }
    if (key !== 'EnvironmentFile') continue;
    if (value === '') fromFiles.clear();
    const path = specified(value).replace(/^-/, '');
    for (const line of (textOf(files, path) ?? '').split('\n')) {
      if (!'#;'.includes(line.trim().charAt(0) || '#'))
        add(fromFiles, splitWords(line.trim()).join(' '));
    }
  }
  // Files are stronger, wherever they are named.
  const all = new Map([...own, ...fromFiles]);
  for (const [key, value] of lines)
    if (key === 'UnsetEnvironment') for (const name of splitWords(value)) all.delete(name);
  return Object.fromEntries(all);
}

/**
 * The arguments of the program, behind whatever starts it: `sentrypeer …`, `node [FLAG]... FILE …`, `nice sentrypeer …`,
 * `npx sentrypeer …`, `sh -c 'sentrypeer …'`, `npm start -- …`.
 */
function argumentsOf(command: readonly string[]): readonly string[] {
  const [program = '', ...words] = command.map((word) => word.replace(/^[-@:+!|]+(?=\/)/, ''));
  const name = basename(program);
  if (name === 'npm') return words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
  const script = /^(ba|da|z)?sh$/.test(name) ? words.findIndex((word) => /^-\w*c$/.test(word)) : -1;
  if (script >= 0) return argumentsOf(splitWords(words[script + 1] ?? ''));
  const at = [program, ...words].findIndex((word) =>
    /^(sentrypeer|main\.[jt]s$)/.test(basename(word)),
  );
  if (at >= 0) return words.slice(at);
  const node = [program, ...words].findIndex((word) => /^node(js)?\d*$/.test(basename(word)));
  const file =
    node < 0 ? -1 : words.findIndex((word, index) => index >= node && !word.startsWith('-'));
  return file < 0 ? [] : words.slice(file + 1);
}

/** Splits as systemd does: blanks between words, quotes around them (systemd.syntax(7)). */
function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\' && quote !== "'") {
      const escape = /^\\(x[\da-f]{2}|.?)/i.exec(text.slice(index))?.[1] ?? '';
      index += escape.length;
      word = (word ?? '') + unescaped(escape);
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

/** What an escape stands for, without its backslash (systemd.syntax(7)). */
function unescaped(escape: string): string {
  if (escape.length === 3) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return { s: ' ', t: '\t', n: '\n' }[escape] ?? escape;
}

function withSpecifiers(text: string, home: string | undefined): string {
  return text.replace(/%(.)/g, (written, letter: string) =>
    letter === 'h' ? (home ?? written) : (SPECIFIERS.get(letter) ?? written),
  );
}

function withVariables(word: string, env: Readonly<Record<string, string>>): string {
  return word.replace(/\$\$|\$\{(\w+)\}|\$(\w+)/g, (all, braced?: string, bare?: string) => {
    return all === '$$' ? '$' : (env[braced ?? bare ?? ''] ?? '');
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
