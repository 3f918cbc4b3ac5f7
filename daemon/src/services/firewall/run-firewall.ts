// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  Firewall,
  ListingStream,
  Machine,
  metricsText,
  Nft,
  NftTable,
  privilegeOf,
  systemMachine,
  type RulesetOptions,
  type Table,
} from '@sentrypeer/firewall';
import { isLoopback } from '@sentrypeer/ip';
import { OperatingError, Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import type { Config } from '../../config/config.ts';
import { formatListenAddress } from '../../config/value-types.ts';
import { FIREWALL_ANSWER_MS_MAX, FIREWALL_CONTROL_MS, FIREWALL_STATUS_MS_MAX } from './limits.ts';
import { DryTable } from './dry-table.ts';
import { RunDirectory, type FirewallNote } from './run-directory.ts';
import { Sparing } from './sparing.ts';

export interface RunPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A line for whoever watches. */
  readonly print: (line: string) => void;
}

export interface RunOptions {
  readonly isDryRun: boolean;
  /** Ends after the first look, with a dry run. */
  readonly isOnce: boolean;
  readonly confirmWithinMs: number | undefined;
}

/** Addresses on which an API answers everywhere, and the one by which this machine reaches it. */
const FROM_HERE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** The node that is followed: the one that was named, or that of this machine. */
export function nodeOf({ firewallNode, apiAddress, apiPort }: Config): URL {
  if (firewallNode !== undefined) return firewallNode;
  const address = FROM_HERE.get(apiAddress) ?? apiAddress;
  return new URL(`http://${formatListenAddress({ address, port: apiPort })}`);
}

/** This machine, and what the node and the configuration say is spared. */
export function sparingOf(ports: Pick<RunPorts, 'clock' | 'logger'>, config: Config): Sparing {
  const machine = new Machine(systemMachine, {
    sshConnection: process.env['SSH_CONNECTION'] ?? '',
    sshPorts: config.firewallSshPorts,
    apiPort: isLoopback(config.apiAddress) ? undefined : config.apiPort,
  });
  return new Sparing({ ...ports, machine }, config, nodeOf(config));
}

/** Refuses what the node lists until the signal is aborted. Throws `OperatingError`. */
export async function runFirewall(
  ports: RunPorts,
  config: Config,
  options: RunOptions,
  stopped: AbortSignal,
): Promise<void> {
  const { clock, logger, print } = ports;
  const node = nodeOf(config);
  warnOfClearKey(node, config, logger);
  const directory = options.isDryRun ? undefined : new RunDirectory(config.firewallRunDir);
  const table: Table =
    directory === undefined ? new DryTable(print) : await openTable(directory, ports, config);
  const sparing = sparingOf(ports, config);
  await sparing.refresh();
  const ending = new AbortController();
  const signal = AbortSignal.any([stopped, ending.signal]);
  const firewall = new Firewall(
    {
      clock,
      logger,
      table,
      spared: () => sparing.networks(),
      restartFeed: () => stream.restart(),
    },
    {
      entriesMax: config.firewallEntriesMax,
      additionsPerMinuteMax: config.firewallChangesMax,
      confirmWithinMs: options.isDryRun ? undefined : options.confirmWithinMs,
      keepsEntries: config.firewallKeepEntries,
    },
  );
  const stream = new ListingStream({ logger, sink: firewall }, { node, key: config.firewallKey });
  const note = noteOf(clock, config, node, { firewall, stream });
  print(
    `Refusing ${config.firewallScope === 'all' ? 'everything' : config.firewallScope === 'sip' ? 'SIP and media' : 'nothing, only marking what comes'} from what ${node.origin} lists. Stop with Ctrl-C.`,
  );
  const end = (): void => ending.abort();
  try {
    await Promise.all([
      firewall.run(signal).finally(end),
      stream.run(signal).finally(end),
      watch({ ...ports, firewall, sparing, directory, note }, options, signal).finally(end),
    ]);
  } finally {
    directory?.clear();
  }
}

/** Takes orders and says how things are, until the signal is aborted. */
async function watch(
  {
    clock,
    logger,
    print,
    firewall,
    sparing,
    directory,
    note,
  }: RunPorts & {
    readonly firewall: Firewall;
    readonly sparing: Sparing;
    readonly directory: RunDirectory | undefined;
    readonly note: () => FirewallNote;
  },
  options: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  const unwritten = new Outage(logger, 'warn', {
    failed: 'firewall_status_unwritten',
    over: 'firewall_status_written',
  });
  const beganAtMs = clock.nowMs();
  let state = '';
  while (!signal.aborted) {
    const now = note();
    for (const order of directory?.takeOrders(now.runId) ?? []) {
      if (order === 'confirm') firewall.confirm();
      else
        firewall.takeOut(
          'an operator took it out: sentrypeer firewall confirm puts it in force again',
        );
    }
    if (now.state !== state) print(stateLine(now));
    ({ state } = now);
    try {
      directory?.writeStatus(now, metricsText(now, now.feedFailure === null));
      unwritten.over();
    } catch (error) {
      unwritten.failed({ why: String(error) });
    }
    if (options.isOnce && state === 'in force') return;
    if (options.isOnce && clock.nowMs() - beganAtMs > FIREWALL_ANSWER_MS_MAX) {
      throw new OperatingError(
        'firewall_node_silent',
        `${now.node} does not say what it lists: ${now.feedFailure}`,
      );
    }
    void sparing.refresh();
    await wait(FIREWALL_CONTROL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function stateLine({ state, why, entries, confirmByEpochMs }: FirewallNote): string {
  const sum = entries.ipv4 + entries.ipv6;
  const count = `${sum} ${sum === 1 ? 'entry' : 'entries'}`;
  switch (state) {
    case 'starting':
      return 'Waiting for what the node lists; nothing was changed yet.';
    case 'in force':
      return `In force: ${count}.`;
    case 'unconfirmed':
      return `In force until ${new Date(confirmByEpochMs ?? 0).toISOString()}: ${count}. Log in anew to see that you still can, then: sentrypeer firewall confirm`;
    case 'taken out':
      return `Everything is taken out: ${why}.`;
    default:
      return state satisfies never;
  }
}

function noteOf(
  clock: Clock,
  { firewallScope: scope }: Config,
  node: URL,
  { firewall, stream }: { readonly firewall: Firewall; readonly stream: ListingStream },
): () => FirewallNote {
  const epochMs = (): number => Math.floor(clock.epochUs() / 1000);
  const runId = randomUUID();
  const startedEpochMs = epochMs();
  return () => ({
    ...firewall.status(),
    processId: process.pid,
    runId,
    writtenEpochMs: epochMs(),
    startedEpochMs,
    node: node.origin,
    serial: stream.serial,
    feedFailure: stream.failure ?? null,
    scope,
  });
}

async function openTable(
  directory: RunDirectory,
  { clock, logger }: RunPorts,
  config: Config,
): Promise<Table> {
  const nft = Nft.find(process.env['PATH'] ?? '');
  const privilege = privilegeOf(
    readFileSync('/proc/self/status', 'utf8'),
    process.geteuid?.() ?? 0,
  );
  if (!privilege.suffices) {
    throw new OperatingError(
      'firewall_not_permitted',
      'this process may not change the firewall: it needs CAP_NET_ADMIN, and hands it to nft; the shipped unit sentrypeer-firewall.service gives it, and so does root',
    );
  }
  if (privilege.excess !== undefined) {
    logger.warn('firewall_has_more_than_it_needs', {
      why: `${privilege.excess}; CAP_NET_ADMIN alone is enough, as sentrypeer-firewall.service gives it`,
    });
  }
  const last = directory.readStatus();
  const isFresh =
    last !== undefined &&
    Math.abs(clock.epochUs() / 1000 - last.writtenEpochMs) < FIREWALL_STATUS_MS_MAX;
  if (isFresh && last.processId !== process.pid && isAlive(last.processId)) {
    throw new OperatingError(
      'firewall_runs_already',
      `the firewall already runs as process ${last.processId}: see sentrypeer firewall status`,
    );
  }
  directory.prepare();
  return NftTable.open({ nft, clock }, rulesetOf(config));
}

function rulesetOf(config: Config): RulesetOptions {
  return {
    scope: config.firewallScope,
    sipPorts: config.firewallSipPorts,
    mediaPorts: config.firewallMediaPorts,
    keepsCalls: config.firewallKeepCalls,
    entriesMax: config.firewallEntriesMax,
  };
}

function warnOfClearKey(node: URL, { firewallKey }: Config, logger: Logger): void {
  const isHere = isLoopback(node.hostname.replace(/^\[|\]$/g, '')) || node.hostname === 'localhost';
  if (firewallKey === undefined || node.protocol === 'https:' || isHere) return;
  logger.warn('firewall_key_in_clear', {
    node: node.host,
    why: 'whoever sees the traffic can read the key, and can tell this machine whom to refuse; use https',
  });
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
