// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync, readFileSync } from 'node:fs';
import { OperatingError, silentLogger, systemClock } from '@sentrypeer/kernel';
import { runCommand } from '../../daemon/src/commands/run-command.ts';
import { loadConfig, type LoadedConfig } from '../../daemon/src/config/load-config.ts';

interface CommandRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `sentrypeer fleet …` in this process, as the program would run it: starting the program takes a second each time. */
export async function fleetCommand(...words: readonly string[]): Promise<CommandRun> {
  const load = (): LoadedConfig =>
    loadConfig({
      argv: ['fleet', ...words],
      env: {},
      homeDirectory: undefined,
      coresCount: 1,
      personaNames: [],
      readFile: (path) => readFileSync(path, 'utf8'),
      directoryExists: existsSync,
      realPath: (path) => path,
      throughLinks: (path) => path,
      fileExists: existsSync,
      listDirectory: () => [],
    });
  const loaded = load();
  if (loaded.kind !== 'command') {
    return { status: 2, stdout: '', stderr: 'message' in loaded ? loaded.message : loaded.kind };
  }
  let [stdout, stderr] = ['', ''];
  try {
    const outcome = await runCommand(
      loaded,
      {
        ...loaded,
        clock: systemClock,
        logger: silentLogger,
        print: (text) => (stdout += text),
        paint: (_, text) => text,
        stopped: new AbortController().signal,
        loadAsDaemon: load,
      },
      {
        said: (remark) => (stderr += remark),
        deliver: async (text) => void (stdout += text),
      },
    );
    return { status: outcome === 'good' ? 0 : 1, stdout, stderr };
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return { status: 1, stdout, stderr: error.message };
  }
}
