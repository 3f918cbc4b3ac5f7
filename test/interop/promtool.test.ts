// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const RULES = join(EXAMPLES, 'prometheus/sentrypeer-rules.yml');
const DASHBOARD = join(EXAMPLES, 'grafana/sentrypeer.json');

/** What Grafana asks Prometheus for, as rules, with its variables filled in as Grafana does. */
function rulesOfDashboard(): string {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  };
  const rules = panels
    .flatMap(({ targets }) => targets)
    .map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'))
    .map((expr, index) => ({ record: `panel:${index}`, expr }));
  return JSON.stringify({ groups: [{ name: 'dashboard', rules }] }); // JSON is YAML.
}

test('promtool finds nothing wrong with /metrics, nor with the rules and the dashboard of Grafana on them', async (t) => {
  const promtool = peer('promtool', t);
  if (promtool === undefined) return;
  await using daemon = await DaemonProcess.start([
    '--threads=1',
    '-j',
    '-w',
    'http://127.0.0.1:9/',
  ]);
  const url = `http://127.0.0.1:${daemon.ports.api}/metrics`;
  await (await fetch(url)).text(); // The next scrape counts this one.
  const response = await fetch(url);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const metrics = await response.text();
  const run = await runTool(promtool, ['check', 'metrics'], {
    folder: daemon.folder,
    input: metrics,
  });
  assert.equal(run.output, '');
  assert.equal(run.status, 0);

  const dashboard = join(daemon.folder, 'dashboard.yml');
  writeFileSync(dashboard, rulesOfDashboard());
  for (const file of [RULES, dashboard]) {
    const checked = await runTool(promtool, ['check', 'rules', file], { folder: daemon.folder });
    assert.equal(checked.status, 0, checked.output);
    const named = readFileSync(file, 'utf8').match(/\b(?:sentrypeer|process)_[a-z_]+/g) ?? [];
    assert.ok(named.length > 4);
    assert.deepEqual(
      named.filter((name) => !metrics.includes(`# TYPE ${name} `)),
      [],
    );
  }
});
