// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Makes the Debian package from the bundle in dist/ and the Node.js that runs this, on any Debian with the packages
 * debhelper and dh-apparmor, for the architecture it runs on:
 *
 *   npm run bundle && node tools/debian.ts out
 *
 * PACKAGE_COMPRESSION=0 makes it in seconds, for a test. A second argument is another version.
 */

import { execFileSync } from 'node:child_process';
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
import { readPart } from './parts.ts';
import { ROOT } from './sources.ts';

const PACKAGING = join(ROOT, 'packaging');
const MAINTAINER = 'SentryPeer for Node.js maintainers <maintainers@invalid.invalid>';

/** `1.2.0-rc.1` is before `1.2.0`: Debian writes that with a tilde. */
function debianVersion(version: string): string {
  return version.replace('-', '~');
}

/** Date of the last commit, so that the same sources make the same package. */
function sourceDate(): Date {
  const git = ['log', '-1', '--format=%ct'];
  const seconds = process.env['SOURCE_DATE_EPOCH'] ?? execFileSync('git', git, { cwd: ROOT });
  return new Date(Number(String(seconds)) * 1000);
}

function changelog(version: string): string {
  const date = sourceDate().toUTCString().replace('GMT', '+0000');
  return `sentrypeer (${debianVersion(version)}) unstable; urgency=medium

  * Version ${version}; /usr/share/doc/sentrypeer/changelog.gz says what is new.

 -- ${MAINTAINER}  ${date}
`;
}

/** The machine-readable form, with the texts that the licences of the parts require. */
function copyright(): string {
  const inField = (text: string): string =>
    text
      .trim()
      .split('\n')
      .map((line) => (line.trim() === '' ? ' .' : ` ${line}`))
      .join('\n');
  // Debian has that licence, and its policy wants it named but not repeated.
  const short = (text: string): string =>
    text.replaceAll(
      /^[ \t]*Apache License\n[^]*?^[ \t]*END OF TERMS AND CONDITIONS$/gmu,
      'See /usr/share/common-licenses/Apache-2.0.',
    );
  const node = readPart(join(dirname(process.execPath), '..'));
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: SentryPeer for Node.js

Files: *
Copyright: SentryPeer for Node.js maintainers
License: GPL-2 or GPL-3
 On Debian systems the full texts are in /usr/share/common-licenses/GPL-2 and
 /usr/share/common-licenses/GPL-3.

Files: usr/lib/sentrypeer/node
Copyright: Node.js contributors
License: Node.js
${inField(short(node.text))}

Files: usr/lib/sentrypeer/*.js
Copyright: see below
License: libraries
${inField(short(readFileSync(join(ROOT, 'dist/LICENCES.txt'), 'utf8')))}
`;
}

/** The input of debhelper, in a separate folder. */
function stage(folder: string, version: string): void {
  cpSync(join(PACKAGING, 'debian'), join(folder, 'debian'), { recursive: true });
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  rmSync(join(folder, 'dist/sentrypeer.js')); // Only for npm; here a shell script starts the program.
  for (const name of ['etc', 'fail2ban', 'apparmor', 'bird'])
    cpSync(join(PACKAGING, name), join(folder, name), { recursive: true });
  cpSync(join(ROOT, 'docs/sentrypeer.1'), join(folder, 'sentrypeer.1'));
  cpSync(process.execPath, join(folder, 'node'));
  const into = (from: string, to: string): void =>
    cpSync(join(PACKAGING, from), join(folder, 'debian', to));
  into('systemd/sentrypeer.service', 'sentrypeer.service');
  into('systemd/sentrypeer-firewall.service', 'sentrypeer.sentrypeer-firewall.service');
  into('systemd/sentrypeer-bgp.service', 'sentrypeer.sentrypeer-bgp.service');
  into('etc/sysusers.conf', 'sentrypeer.sysusers');
  into('etc/tmpfiles.conf', 'sentrypeer.tmpfiles');
  into('etc/logrotate', 'sentrypeer.logrotate');
  into('etc/sentrypeer.default', 'sentrypeer.default');
  mkdirSync(join(folder, 'bin'));
  cpSync(join(PACKAGING, 'etc/sentrypeer.sh'), join(folder, 'bin/sentrypeer'));
  chmodSync(join(folder, 'bin/sentrypeer'), 0o755);
  mkdirSync(join(folder, 'completions'));
  for (const [shell, name] of [
    ['bash', 'sentrypeer'],
    ['zsh', '_sentrypeer'],
    ['fish', 'sentrypeer.fish'],
  ] as const) {
    const main = join(ROOT, 'dist/main.js');
    const script = execFileSync(process.execPath, [main, 'completion', shell]);
    writeFileSync(join(folder, 'completions', name), script);
  }
  writeFileSync(join(folder, 'debian/changelog'), changelog(version));
  writeFileSync(join(folder, 'debian/copyright'), copyright());
}

const [out = 'out', other] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};
// debhelper puts the package next to the folder in which it works.
const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-debian-'));
try {
  const inside = join(folder, 'sentrypeer');
  mkdirSync(inside);
  stage(inside, other ?? version);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(sourceDate().getTime() / 1000) };
  execFileSync('dpkg-buildpackage', ['--build=binary', '--no-sign'], {
    cwd: inside,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  mkdirSync(out, { recursive: true });
  for (const name of globSync('*.deb', { cwd: folder })) {
    cpSync(join(folder, name), join(out, name));
    process.stdout.write(`${join(out, name)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
