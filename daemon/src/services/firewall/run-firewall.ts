// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  Firewall,
  metricsText,
  Nft,
  NftTable,
  privilegeOf,
  type RulesetOptions,
  type Table,
} from '@sentrypeer/firewall';
import { OperatingError, type Clock } from '@sentrypeer/kernel';
import { ListingStream, sparedTexts } from '@sentrypeer/listings';
import type { Config } from '../../config/config.ts';
import { followedUrl, warnOfClearKey, type FollowedNode } from '../listings/node.ts';
import type { RunPorts } from '../listings/run-ports.ts';
import { Sparing } from '../listings/sparing.ts';
import { watchRun } from '../listings/watch-run.ts';
import { DryTable } from './dry-table.ts';
import {
  firewallDirectory,
  type FirewallDirectory,
  type FirewallNote,
  type FirewallOrder,
} from './run-directory.ts';

export interface RunOptions {
  readonly isDryRun: boolean;
  /** For a dry run: ends after the first look. */
  readonly isOnce: boolean;
  readonly confirmWithinMs: number | undefined;
}

/** The node that is followed: the configured one, or this machine's. */
export function nodeOf(config: Config): FollowedNode {
  return { url: followedUrl(config.firewallNode, config), key: config.firewallKey };
}

/** What is spared: this machine, and what the node and the configuration name. */
export function sparingOf(ports: Pick<RunPorts, 'clock' | 'logger'>, config: Config): Sparing {
  return new Sparing(ports, config, {
    node: nodeOf(config),
    named: sparedTexts(config.firewallSpare ?? [], 'it is named by --firewall-spare'),
    sshPorts: config.firewallSshPorts,
    logName: 'firewall',
  });
}

interface Parts {
  readonly firewall: Firewall;
  readonly stream: ListingStream;
  readonly sparing: Sparing;
  readonly directory: FirewallDirectory | undefined;
}

/** Refuses what the node lists until the signal is aborted. Throws `OperatingError`. */
export async function runFirewall(
  ports: RunPorts,
  config: Config,
  options: RunOptions,
  stopped: AbortSignal,
): Promise<void> {
  const { clock, logger, print } = ports;
  const followed = nodeOf(config);
  const node = followed.url;
  warnOfClearKey(followed, logger, 'firewall', 'this machine whom to refuse');
  const directory = options.isDryRun ? undefined : firewallDirectory(config.firewallRunDir);
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
  const stream = new ListingStream(
    { logger, sink: firewall },
    { node, key: followed.key, keyOption: '--firewall-key', logName: 'firewall' },
  );
  const parts = { firewall, stream, sparing, directory };
  print(
    `Refusing ${config.firewallScope === 'all' ? 'everything' : config.firewallScope === 'sip' ? 'SIP and media' : 'nothing, only marking what comes'} from what ${node.origin} lists${options.isDryRun ? ' (a dry run: nobody is refused)' : ''}. Stop with Ctrl-C.`,
  );
  const end = (): void => ending.abort();
  try {
    await Promise.all([
      firewall.run(signal).finally(end),
      stream.run(signal).finally(end),
      watch(ports, parts, noteOf(clock, config, node, parts), options, signal).finally(end),
    ]);
  } finally {
    directory?.clear();
  }
}

function watch(
  ports: RunPorts,
  parts: Parts,
  note: () => FirewallNote,
  { isOnce, isDryRun }: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  const { firewall, directory, sparing } = parts;
  let state = '';
  return watchRun<FirewallNote, FirewallOrder>(
    ports,
    {
      logName: 'firewall',
      directory,
      sparing,
      isOnce,
      nodeSilent: (why) => new OperatingError('firewall_node_silent', why),
      note,
      obey: (order) =>
        order === 'confirm'
          ? firewall.confirm()
          : firewall.takeOut(
              'an operator took it out: sentrypeer firewall confirm puts it in force again',
            ),
      show: (now) => {
        if (now.state !== state) ports.print(stateLine(now, isDryRun));
        ({ state } = now);
      },
      metrics: (now) => metricsText(now, now.feedFailure === null),
      spared: () => firewall.spared,
    },
    signal,
  );
}

function stateLine(
  { state, why, entries, confirmByEpochMs }: FirewallNote,
  isDryRun: boolean,
): string {
  const sum = entries.ipv4 + entries.ipv6;
  const count = `${sum} ${sum === 1 ? 'entry' : 'entries'}`;
  switch (state) {
    case 'starting':
      return 'Waiting for what the node lists; nothing was changed yet.';
    case 'in force':
      return isDryRun ? `Would be in force: ${count}.` : `In force: ${count}.`;
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
  { firewall, stream }: Parts,
): () => FirewallNote {
  const epochMs = (): number => Math.floor(clock.epochUs() / 1000);
  const runId = randomUUID();
  const startedEpochMs = epochMs();
  return () => {
    const status = firewall.status();
    return {
      ...status,
      isInForce: status.state === 'in force' || status.state === 'unconfirmed',
      counts: {
        changes: status.changes,
        failures: status.failures,
        repairs: status.repairs,
        refused_packets: status.refusedPackets,
        refused_octets: status.refusedOctets,
      },
      processId: process.pid,
      runId,
      writtenEpochMs: epochMs(),
      startedEpochMs,
      node: node.origin,
      serial: stream.serial,
      feedFailure: stream.failure ?? null,
      scope,
    };
  };
}

async function openTable(
  directory: FirewallDirectory,
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
  const holder = directory.holder(clock.epochUs() / 1000);
  if (holder !== undefined) {
    throw new OperatingError(
      'firewall_runs_already',
      `the firewall already runs as process ${holder}: see sentrypeer firewall status`,
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
