// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Asterisk from Debian. The suite on which the tests run has no package of it, so a later suite's package is unpacked
 * into a cache folder, never installed, and run with that suite's libraries.
 */

import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Background } from './background.ts';
import { missingPeer, peer } from './peer.ts';

/** The first Debian suite after 11 with a package of Asterisk. */
const SUITE = 'forky';
/** 210 MB; 45 s of processor time. Not below /tmp, where others could put a program that root runs. */
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sentrypeer');
const ROOT = join(CACHE, `asterisk-${SUITE}`);
/** Milliseconds for 82 MB from a mirror and 160 packages to unpack, on a busy machine; 150 s were seen. */
const INSTALL_MS_MAX = 600_000;

/** Unpacks Asterisk unless it is there. `mmdebstrap` checks downloads against Debian's keys. */
export function installAsterisk(): void {
  if (installed() !== undefined) return;
  const folder = `${ROOT}.part`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true, mode: 0o700 });
  const options = [
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Check-Valid-Until "false"', // An outdated mirror will do; the signature counts.
    '--dpkgopt=path-exclude=/usr/share/*',
    '--dpkgopt=path-include=/usr/share/asterisk/*',
  ];
  const args = ['--quiet', '--variant=extract', '--include=asterisk', ...options];
  const { status, error } = spawnSync('mmdebstrap', [...args, SUITE, folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_MS_MAX,
  });
  if (status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`mmdebstrap ended with status ${status}`, { cause: error });
  }
  renameSync(folder, ROOT);
}

interface Installed {
  /**
   * The dynamic linker with the arguments that make it run Asterisk; programs that Asterisk starts are the machine's
   * own.
   */
  readonly command: readonly [string, ...string[]];
  readonly modules: string;
  readonly data: string;
}

function installed(): Installed | undefined {
  const [linker] = globSync(join(ROOT, 'usr/lib*/ld-linux*.so.*'));
  const [modules] = globSync(join(ROOT, 'usr/lib/*/asterisk/modules'));
  if (linker === undefined || modules === undefined) return undefined;
  const libraries = dirname(dirname(modules));
  return {
    command: [linker, '--library-path', libraries, join(ROOT, 'usr/sbin/asterisk')],
    modules,
    data: join(ROOT, 'usr/share/asterisk'),
  };
}

/** Like `peer()`: if it is missing, the test is skipped, loudly, and fails with `CI=true`. */
export function asteriskPeer(t: TestContext): Installed | undefined {
  const found = installed();
  if (found !== undefined) return found;
  if (peer('mmdebstrap', t) === undefined) return undefined;
  missingPeer(`Asterisk is missing: sudo env CI=true npm test unpacks it to ${ROOT}`, t);
  return undefined;
}

/** Asterisk with configuration files, by name. */
export async function startAsterisk(
  { command, modules, data }: Installed,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<Background> {
  await mkdir(join(folder, 'agi-bin'), { recursive: true });
  const places = ['etc', 'varlib', 'db', 'key', 'spool', 'run', 'log', 'sbin'];
  const all: Readonly<Record<string, string>> = {
    'asterisk.conf': [
      '[directories]',
      `astmoddir=${modules}`,
      `astdatadir=${data}`,
      `astagidir=${folder}/agi-bin`,
      ...places.map((place) => `ast${place}dir=${folder}`),
      '',
    ].join('\n'),
    'modules.conf': '[modules]\nautoload=yes\n',
    'logger.conf': '[general]\n[logfiles]\nconsole => notice,warning,error\n',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  const [program, ...words] = command;
  const args = [...words, '-C', join(folder, 'asterisk.conf'), '-f', '-n', '-v'];
  const asterisk = new Background(program, args, folder);
  await asterisk.printed('Asterisk Ready.');
  return asterisk;
}
