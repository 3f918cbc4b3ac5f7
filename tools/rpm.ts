// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes the RPM package from the bundle in dist/ and the Node.js that runs this, by rpmbuild, for the architecture it
 * runs on. The content is that of the Debian package without the AppArmor profile:
 *
 *   npm run bundle && node tools/rpm.ts out
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readPart } from './parts.ts';
import { ROOT } from './sources.ts';

/** Installed files and their sources. */
const FILES: Readonly<Record<string, string>> = {
  '/etc/sentrypeer/sentrypeer.toml': 'packaging/etc/sentrypeer.toml',
  '/etc/default/sentrypeer': 'packaging/etc/sentrypeer.default',
  '/etc/logrotate.d/sentrypeer': 'packaging/etc/logrotate',
  '/usr/bin/sentrypeer': 'packaging/etc/sentrypeer.sh',
  '/usr/lib/systemd/system/sentrypeer.service': 'packaging/systemd/sentrypeer.service',
  '/usr/lib/systemd/system/sentrypeer-firewall.service':
    'packaging/systemd/sentrypeer-firewall.service',
  '/usr/lib/systemd/system/sentrypeer-bgp.service': 'packaging/systemd/sentrypeer-bgp.service',
  '/usr/lib/sysusers.d/sentrypeer.conf': 'packaging/etc/sysusers.conf',
  '/usr/lib/tmpfiles.d/sentrypeer.conf': 'packaging/etc/tmpfiles.conf',
  '/usr/share/doc/sentrypeer/CHANGELOG.md': 'CHANGELOG.md',
  '/usr/share/doc/sentrypeer/fail2ban': 'packaging/fail2ban',
  '/usr/share/doc/sentrypeer/bird': 'packaging/bird',
  '/usr/share/licenses/sentrypeer/LICENSE-GPL-2.0': 'LICENSE-GPL-2.0',
  '/usr/share/licenses/sentrypeer/LICENSE-GPL-3.0': 'LICENSE-GPL-3.0',
  '/usr/share/licenses/sentrypeer/LICENCES.txt': 'dist/LICENCES.txt',
};

const COMPLETIONS = [
  ['bash', 'bash-completion/completions/sentrypeer'],
  ['zsh', 'zsh/site-functions/_sentrypeer'],
  ['fish', 'fish/vendor_completions.d/sentrypeer.fish'],
] as const;

function stage(folder: string): void {
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [to, from] of Object.entries(FILES))
    cpSync(join(ROOT, from), join(folder, to), { recursive: true });
  chmodSync(join(folder, 'usr/bin/sentrypeer'), 0o755);
  const program = join(folder, 'usr/lib/sentrypeer');
  const shipped = /(\.js|\.mmdb|\/dashboard\/[^/]+|\/package\.json|\/LICENCES\.txt)$/u;
  for (const name of globSync('**', { cwd: join(ROOT, 'dist') }))
    if (shipped.test(`/${name}`) && name !== 'sentrypeer.js')
      cpSync(join(ROOT, 'dist', name), join(program, name), { recursive: true });
  cpSync(process.execPath, join(program, 'node'));
  chmodSync(join(program, 'node'), 0o755);
  spawnSync('strip', [join(program, 'node')], { stdio: 'ignore' });
  const main = join(ROOT, 'dist/main.js');
  for (const [shell, path] of COMPLETIONS)
    put(`usr/share/${path}`, execFileSync(process.execPath, [main, 'completion', shell]));
  const manPage = gzipSync(readFileSync(join(ROOT, 'docs/sentrypeer.1')), { level: 9 });
  put('usr/share/man/man1/sentrypeer.1.gz', manPage);
  const node = readPart(join(dirname(process.execPath), '..'));
  put('usr/share/licenses/sentrypeer/LICENSE-nodejs', `${node.text}\n`);
}

const [out = 'out'] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};
const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-rpm-'));
try {
  const staged = join(folder, 'staged');
  stage(staged);
  const define = (name: string, value: string): string[] => ['--define', `${name} ${value}`];
  const definitions = [
    // A tilde sorts before everything else, here too.
    ...define('program_version', version.replace('-', '~')),
    ...define('staged', staged),
    ...define('_topdir', folder),
    ...define('_binary_payload', `w${process.env['PACKAGE_COMPRESSION'] ?? '6'}.xzdio`),
  ];
  const spec = join(ROOT, 'packaging/rpm/sentrypeer.spec');
  execFileSync('rpmbuild', ['-bb', ...definitions, spec], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  mkdirSync(out, { recursive: true });
  for (const path of globSync('RPMS/*/*.rpm', { cwd: folder })) {
    const name = path.split(/[/\\]/u).at(-1) ?? '';
    cpSync(join(folder, path), join(out, name));
    process.stdout.write(`${join(out, name)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
