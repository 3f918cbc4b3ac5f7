// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes everything that is published for a version, in out/ (docs/releasing.md):
 *
 *   npm run release
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './sources.ts';

const OUT = join(ROOT, 'out');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};

function run(program: string, args: readonly string[], folder = ROOT): string {
  return execFileSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
run(process.execPath, ['tools/executable.ts']); // This also makes the bundle.
const platform = `${process.platform}-${process.arch}`;
run('tar', [
  '-C',
  OUT,
  '-czf',
  join(OUT, `sentrypeer-${version}-${platform}.tar.gz`),
  'sentrypeer',
]);
rmSync(join(OUT, 'sentrypeer'));
run(process.execPath, ['tools/debian.ts', OUT]);
run(process.execPath, ['tools/rpm.ts', OUT]);
run('npm', ['pack', '--silent', '--pack-destination', OUT], join(ROOT, 'dist'));
// Only the program's own workspaces: with --omit=dev npm also leaves out what development needs too, such as Fastify.
writeFileSync(
  join(OUT, 'sentrypeer.cdx.json'),
  run('npm', [
    'sbom',
    '--sbom-format=cyclonedx',
    '--package-lock-only',
    '--workspace=daemon',
    '--workspace=dashboard',
  ]),
);
const sums = readdirSync(OUT)
  .toSorted()
  .map((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(join(OUT, name)))
      .digest('hex');
    return `${digest}  ${name}\n`;
  });
writeFileSync(join(OUT, 'SHA256SUMS'), sums.join(''));
