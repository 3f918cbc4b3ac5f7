// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { loadConfig, type ConfigSources, type LoadedConfig } from '../../src/config/load-config.ts';

/** Where `loadConfig` looks when no file is named, in these tests. */
export const USUAL_FILE = '/home/someone/.config/sentrypeer/default-config.toml';

interface Machine {
  readonly env?: ConfigSources['env'];
  /** Texts by path; every other path is missing. */
  readonly files?: Readonly<Record<string, string>>;
  /** Only these exist; all do if it is left out. */
  readonly directories?: readonly string[];
  /** Where links lead. */
  readonly links?: Readonly<Record<string, string>>;
  readonly coresCount?: number;
  /** Paths that this user may not read. */
  readonly unreadable?: readonly string[];
  readonly homeDirectory?: string | undefined;
}

/** Runs `loadConfig` on an entirely simulated machine. */
export function load(argv: string, machine: Machine = {}): LoadedConfig {
  return loadConfig({
    argv: argv.split(' ').filter((word) => word !== ''),
    env: machine.env ?? {},
    homeDirectory: 'homeDirectory' in machine ? machine.homeDirectory : '/home/someone',
    coresCount: machine.coresCount ?? 4,
    personaNames: ['asterisk-chan-sip', 'freeswitch'],
    readFile: (path) => {
      const text = machine.files?.[path];
      if (text !== undefined) return text;
      const code = machine.unreadable?.includes(path) === true ? 'EACCES' : 'ENOENT';
      throw Object.assign(new Error('no such file'), { code });
    },
    fileExists: (path) => machine.files?.[path] !== undefined,
    listDirectory: (folder) =>
      Object.keys(machine.files ?? {})
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    directoryExists: (path) => machine.directories?.includes(path) ?? true,
    realPath: (path) => machine.links?.[path] ?? resolve('/here', path),
    throughLinks: (path) => machine.links?.[path] ?? path,
  });
}

/** As {@link load}, when the daemon is to run. */
export function run(argv: string, machine: Machine = {}): LoadedConfig & { kind: 'run' } {
  const loaded = load(argv, machine);
  assert.ok(loaded.kind === 'run', JSON.stringify(loaded));
  return loaded;
}

/** As {@link load}, for a line that must be refused. @returns The one line of the refusal. */
export function refused(argv: string, machine: Machine = {}): string {
  const loaded = load(argv, machine);
  assert.ok(loaded.kind === 'refused', JSON.stringify(loaded));
  const { message } = loaded;
  assert.ok(!message.includes('\n'), 'one line');
  return message;
}
