// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The part of `npm version` that npm does not do in a workspace (docs/releasing.md): npm has set the version of the
 * root; this copies it to the program, the Helm chart and the newest section of the changelog. npm commits and tags
 * afterwards.
 */

import { readFileSync, writeFileSync } from 'node:fs';

const UNRELEASED = '## Unreleased';

/** @throws Error if there is nothing to release. */
export function releaseChangelog(text: string, version: string, day: string): string {
  const [before, section, ...more] = text.split(`${UNRELEASED}\n`);
  if (section === undefined || more.length > 0)
    throw new Error(`CHANGELOG.md needs exactly one section "${UNRELEASED}"`);
  if ((section.split('\n## ')[0] ?? '').trim() === '')
    throw new Error(`the section "${UNRELEASED}" of CHANGELOG.md is empty: nothing to release`);
  return `${before}## ${version} (${day})\n${section}`;
}

/** Changes one version in an npm JSON file, and nothing else. */
export function withVersion(text: string, path: readonly string[], version: string): string {
  const json: unknown = JSON.parse(text);
  let node = json as Record<string, unknown>;
  for (const name of path) node = node[name] as Record<string, unknown>;
  node['version'] = version;
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** For a chart whose program has the same version. */
function withChartVersion(text: string, version: string): string {
  return text.replaceAll(/^(version|appVersion): .*$/gmu, `$1: ${version}`);
}

if (import.meta.main) {
  const version = process.env['npm_package_version'];
  if (version === undefined) throw new Error('run it by npm version');
  const edit = (path: string, change: (text: string) => string): void =>
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  edit('CHANGELOG.md', (text) =>
    releaseChangelog(text, version, new Date().toISOString().slice(0, 10)),
  );
  edit('daemon/package.json', (text) => withVersion(text, [], version));
  edit('packaging/helm/sentrypeer/Chart.yaml', (text) => withChartVersion(text, version));
  edit('package-lock.json', (text) => withVersion(text, ['packages', 'daemon'], version));
}
