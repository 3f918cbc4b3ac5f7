// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parse, TomlError } from 'smol-toml';
import { CONFIG_FILE_CHARACTERS_MAX } from '../limits.ts';
import type { Option } from './option.ts';
import { suggestion } from './nearest.ts';
import { quoted, refusal } from './refusal.ts';
import { OPTION_ENTRIES, type ConfigKey, type Setting, type Settings } from './settings.ts';

/** A table of the file, such as a `[[webhook]]`, not yet read. */
export interface FileTable {
  /** For messages. */
  readonly where: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** The contents of a configuration file. */
export interface ParsedFile {
  readonly settings: Settings;
  readonly webhooks: readonly FileTable[];
  /** The `[bgp]` table, not yet read. */
  readonly bgp: FileTable | undefined;
}

/** Reads the configuration file; every key must be one of ours. */
export function parseConfigFile(path: string, text: string): ParsedFile {
  if (text.length > CONFIG_FILE_CHARACTERS_MAX) {
    throw refusal(
      `${path}: is longer than ${CONFIG_FILE_CHARACTERS_MAX} characters: not a configuration file`,
    );
  }
  const settings = new Map<ConfigKey, Setting>();
  let webhooks: readonly FileTable[] = [];
  let bgp: FileTable | undefined;
  for (const [name, value] of Object.entries(parseToml(path, text))) {
    const where = `${path}, line ${lineOf(text, name)}`;
    if (name === 'webhook') {
      webhooks = webhookTables(where, value);
      continue;
    }
    if (name === 'bgp') {
      bgp = { where: `${where}: bgp`, members: tableMembers(`${where}: bgp`, value, '[bgp]') };
      continue;
    }
    const found = OPTION_ENTRIES.find(([, option]) => option.toml === name);
    if (found === undefined) throw refusal(unknownKey(where, name));
    const [key, option] = found;
    const origin = { kind: 'file', text: `${name} in ${where}` } as const;
    if (saysNothing(option, value)) continue;
    settings.set(key, { text: valueText(origin.text, option, value), origin });
  }
  return { settings, webhooks, bgp };
}

/** `[[webhook]]`, any number of times. */
function webhookTables(where: string, value: unknown): readonly FileTable[] {
  const tables: readonly unknown[] = Array.isArray(value) ? value : [value];
  return tables.map((members) => ({
    where: `${where}: webhook`,
    members: tableMembers(`${where}: webhook`, members, '[[webhook]]'),
  }));
}

/** @param head The line that begins such a table. */
export function tableMembers(where: string, value: unknown, head: string): FileTable['members'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal(
      `${where} is a table: write ${head} before ${head.startsWith('[[') ? 'the keys of each' : 'its keys'}`,
    );
  }
  return { ...value };
}

function parseToml(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw' });
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // The library's message continues with a picture of the place, for which a refusal has no room.
    const [reason = ''] = cause.message.split('\n');
    throw refusal(`${path}, line ${cause.line}, column ${cause.column}: ${reason}`, { cause });
  }
}

function unknownKey(where: string, name: string): string {
  const known = OPTION_ENTRIES.flatMap(([, { toml }]) => (toml === undefined ? [] : [toml]));
  const hint = suggestion(name, known);
  return `${where}: unknown key ${quoted(name)}${hint || ', see docs/options.md for those there are'}`;
}

/**
 * An empty array, which programs that write such files leave if there is nothing to name. For an option that may be
 * left out, it means the same as leaving it out.
 */
export function saysNothing({ mayBeEmpty }: Option<unknown>, value: unknown): boolean {
  return mayBeEmpty && Array.isArray(value) && value.length === 0;
}

/** The value in the form used by flags and variables. */
export function valueText(
  where: string,
  option: Pick<Option<unknown>, 'type'>,
  value: unknown,
): string {
  const { toml, repeatable, wanted } = option.type;
  const items: readonly unknown[] = repeatable && Array.isArray(value) ? value : [value];
  const texts: string[] = [];
  if (items.length === 0) {
    throw refusal(`${where}: an empty array names nothing: leave it out, or write ${wanted}`);
  }
  for (const item of items) {
    if (!toml.some((type) => typeof item === type)) {
      const kinds = toml.map((type) => TOML_NAMES[type]).join(' or ');
      const meaning = toml.length === 1 && toml[0] === 'boolean' ? '' : `: ${wanted}`;
      throw refusal(
        `${where}: takes ${kinds}${repeatable ? ', or an array of them' : ''}${meaning}`,
      );
    }
    texts.push(String(item));
  }
  return texts.join(',');
}

const TOML_NAMES = {
  boolean: 'true or false without quotes',
  number: 'a number without quotes',
  string: 'a text in quotes',
} as const;

/** The line of a key, from 1: the library tells lines only for mistakes. 1 if the key cannot be found. */
function lineOf(text: string, name: string): number {
  const lines = text.split('\n');
  const index = lines.findIndex((line) => {
    const trimmed = line.trimStart();
    const start = ['[[', '[', '"', "'", ''].find((opening) => trimmed.startsWith(opening + name));
    if (start === undefined) return false;
    const next = trimmed.charAt(start.length + name.length);
    return next === '' || ' \t\r=.]"\''.includes(next);
  });
  return Math.max(index, 0) + 1;
}
