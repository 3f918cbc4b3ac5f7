// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a release consists of: the version, and the files by which the repository's host makes it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { peer } from '../test/interop/peer.ts';
import { releaseChangelog } from './set-version.ts';
import { ROOT } from './sources.ts';

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

test('`npm version` sets the version everywhere, dates the changelog, commits and tags', (t) => {
  if (peer('npm', t) === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'version-'));
  const run = (program: string, ...args: readonly string[]): string => {
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH, npm_config_update_notifier: 'false' };
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env });
    assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr.toString()}`);
    return stdout.toString();
  };
  try {
    const chart = 'packaging/helm/sentrypeer/Chart.yaml';
    const files = [
      'package.json',
      'package-lock.json',
      'daemon/package.json',
      'CHANGELOG.md',
      chart,
    ];
    for (const file of [...files, 'tools/set-version.ts'])
      cpSync(join(ROOT, file), join(folder, file));
    run('git', 'init', '-q');
    run('git', 'config', 'user.name', 'Test');
    run('git', 'config', 'user.email', 'test@example.org');
    run('git', 'add', '.');
    run('git', 'commit', '-q', '-m', 'before');
    run('npm', 'version', '7.8.9');
    assert.deepEqual(
      run('git', 'show', '--format=', '--name-only', 'v7.8.9^{}').trim().split('\n'),
      ['CHANGELOG.md', 'daemon/package.json', 'package-lock.json', 'package.json', chart],
    );
    // One line each, two in the lockfile's root and one for the program, two in the chart.
    const [added] =
      run('git', 'show', '--format=', '--shortstat', 'v7.8.9^{}').match(/\d+ ins/) ?? [];
    assert.equal(added, '8 ins');
    assert.match(run('git', 'show', 'v7.8.9:CHANGELOG.md'), /\n## 7\.8\.9 \(\d{4}-\d\d-\d\d\)\n/);
    assert.match(run('git', 'show', 'v7.8.9:daemon/package.json'), /"version": "7\.8\.9"/);
    assert.match(
      run('git', 'show', `v7.8.9:${chart}`),
      /^version: 7\.8\.9\nappVersion: 7\.8\.9$/mu,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('releaseChangelog() refuses a changelog without anything new', () => {
  assert.throws(() => releaseChangelog('# Changelog\n\n## 1.0.0\n\n- a\n', '1.0.1', ''), /exactly/);
  const empty = '# Changelog\n\n## Unreleased\n\n## 1.0.0\n\n- a\n';
  assert.throws(() => releaseChangelog(empty, '1.0.1', ''), /nothing to release/);
});

test('the program and the workspace have one version', () => {
  const versionOf = (path: string): unknown =>
    (JSON.parse(read(path)) as { version: unknown }).version;
  assert.equal(versionOf('daemon/package.json'), versionOf('package.json'));
});

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly uses?: string; readonly run?: string }[] }>
  >;
}

const WORKFLOWS = globSync('.github/workflows/*.yml', { cwd: ROOT });

for (const path of WORKFLOWS) {
  test(`${path} may only read by default, and uses only actions of GitHub, each by its commit`, () => {
    const { permissions, jobs } = parse(read(path)) as Workflow;
    assert.deepEqual(permissions, { contents: 'read' });
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    const used = steps.flatMap(({ uses }) => uses ?? []);
    assert.deepEqual(
      used.filter((name) => !/^actions\/[a-z-]+@[0-9a-f]{40}$/.test(name)),
      [],
    );
    // An expression inside a script is text that anybody who names a branch or an issue can write.
    assert.deepEqual(
      steps.filter(({ run }) => run?.includes('${{')),
      [],
    );
  });
}

test('every script that the workflows call is there', () => {
  assert.equal(WORKFLOWS.length, 2);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const called = WORKFLOWS.flatMap((path) =>
    [...read(path).matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? ''),
  );
  assert.deepEqual(
    called.filter((name) => scripts[name] === undefined),
    [],
  );
  assert.match(read('.github/workflows/ci.yml'), /\.ci\/run/);
});

/** The attributes of each form element; with any other, GitHub shows no form at all. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  markdown: ['value'],
  textarea: ['label', 'description', 'placeholder', 'value', 'render'],
  input: ['label', 'description', 'placeholder', 'value'],
  dropdown: ['label', 'description', 'multiple', 'options'],
  checkboxes: ['label', 'description', 'options'],
};

interface Form {
  readonly body: readonly {
    readonly id?: string;
    readonly type: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

for (const name of ['bug.yml', 'feature.yml']) {
  test(`the issue form ${name} has only what GitHub's forms know`, () => {
    const { body, ...rest } = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as Form;
    assert.deepEqual(Object.keys(rest), ['name', 'description']);
    const wrong = body.flatMap(({ type, attributes }) =>
      Object.keys(attributes).filter((key) => ATTRIBUTES[type]?.includes(key) !== true),
    );
    assert.deepEqual(wrong, []);
    const ids = body.flatMap(({ id }) => id ?? []);
    assert.equal(new Set(ids).size, ids.length);
  });
}

test('who reports a fault is asked for a capture, the status and the version', () => {
  const text = read('.github/ISSUE_TEMPLATE/bug.yml');
  const ids = new Set((parse(text) as Form).body.map(({ id }) => id));
  for (const id of ['capture', 'status', 'version']) assert.ok(ids.has(id), id);
  assert.match(text, /sentrypeer status --json/);
});
