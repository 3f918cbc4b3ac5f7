// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The deployment files and documentation work with the programs that they are for. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../tools/sources.ts';
import { TemporaryFolder } from '../e2e/daemon-process.ts';
import { peer } from '../interop/peer.ts';
import { runTool } from '../interop/tool.ts';

/** As `docker-compose config --format json` prints it. */
interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly volumes?: readonly string[] }>>;
}

test('docker-compose takes the compose file, and every file that it mounts is there', async (t) => {
  const compose = peer('docker-compose', t);
  const python = peer('python3', t);
  if (compose === undefined || python === undefined) return;
  using folder = new TemporaryFolder();
  const file = join(ROOT, 'examples/compose/compose.yaml');
  const args = ['-f', file, '--profile', 'homer', 'config'];
  const { status, stdout, stderr } = await runTool(compose, args, { folder: folder.path });
  assert.equal(status, 0, stderr);
  const toJson = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
  const json = await runTool(python, ['-c', toJson], { folder: folder.path, input: stdout });
  const { services } = JSON.parse(json.stdout) as ComposeFile;
  assert.deepEqual(Object.keys(services).toSorted(), [
    'grafana',
    'heplify',
    'heplify-server',
    'homer',
    'homer-database',
    'prometheus',
    'sentrypeer',
  ]);
  const mounted = Object.values(services)
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    .filter((source) => source.startsWith('/'));
  assert.equal(mounted.length, 4);
  for (const source of mounted) assert.ok(existsSync(source), source);
});

test('mkdocs makes the site of the documents without a warning, and its search finds them', async (t) => {
  const mkdocs = peer('mkdocs', t);
  if (mkdocs === undefined) return;
  using folder = new TemporaryFolder();
  const { status, output } = await runTool(process.execPath, [join(ROOT, 'tools/site.ts')], {
    folder: folder.path,
  });
  assert.equal(status, 0, output);
  assert.equal(output, '');
  const index = readFileSync(join(ROOT, 'out/site/search/search_index.json'), 'utf8');
  for (const page of ['index.html', 'docs/verdicts.html', 'docs/integrations/kamailio.html']) {
    assert.ok(existsSync(join(ROOT, 'out/site', page)), page);
    assert.ok(index.includes(page), page);
  }
});
