// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomUUID } from 'node:crypto';
import type { NeighbourStatus, Speaker } from '@sentrypeer/bgp';
import { openSpeaker } from '@sentrypeer/bgp/tcp';
import { Announcer } from '@sentrypeer/blackhole';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { ListingStream, sparedTexts } from '@sentrypeer/listings';
import type { BgpConfig } from '../../config/bgp-table.ts';
import type { Config } from '../../config/config.ts';
import { refusal } from '../../config/refusal.ts';
import { followedUrl, warnOfClearKey, type FollowedNode } from '../listings/node.ts';
import type { RunPorts } from '../listings/run-ports.ts';
import { Sparing } from '../listings/sparing.ts';
import { watchRun } from '../listings/watch-run.ts';
import { DryRoutes } from './dry-routes.ts';
import { ROUTES_SHARE } from './limits.ts';
import { bgpMetricsText } from './metrics.ts';
import {
  bgpDirectory,
  writeRoutes,
  type BgpDirectory,
  type BgpNote,
  type BgpOrder,
} from './run-directory.ts';
import { sessionNote, Sessions } from './sessions.ts';
import { sessionAlarms } from './troubles.ts';

export interface RunOptions {
  readonly isDryRun: boolean;
  /** For a dry run: ends after the first snapshot. */
  readonly isOnce: boolean;
}

/** The node that is followed: the configured one, or this machine's. */
export function nodeOf(config: Config): FollowedNode {
  return { url: followedUrl(config.bgpNode, config), key: config.bgpKey };
}

/** What is spared: this machine, its routers, and what the node and the configuration name. */
export function sparingOf(ports: Pick<RunPorts, 'clock' | 'logger'>, config: Config): Sparing {
  const { bgp, bgpSpare = [], firewallSshPorts: sshPorts } = config;
  const addresses = (bgp?.neighbours ?? []).map(({ address }) => address);
  const nextHops = (bgp?.neighbours ?? []).flatMap(({ nextHops: { ipv4, ipv6 } = {} }) =>
    [ipv4, ipv6].filter((one) => one !== undefined),
  );
  const named = [
    ...sparedTexts(bgpSpare, 'it is named by --bgp-spare'),
    ...sparedTexts(addresses, 'it is a neighbour'),
    ...sparedTexts(nextHops, 'it is a next hop'),
    ...sparedTexts(bgp === undefined ? [] : [bgp.routerId], 'it is our router id'),
  ];
  return new Sparing(ports, config, { node: nodeOf(config), named, sshPorts, logName: 'bgp' });
}

/** Tells the routers what the node lists until the signal is aborted. Throws `OperatingError`. */
export async function runBgp(
  ports: RunPorts,
  config: Config,
  options: RunOptions,
  stopped: AbortSignal,
): Promise<void> {
  const { clock, logger, print } = ports;
  const { bgp } = config;
  if (bgp === undefined && !options.isDryRun) {
    throw refusal(
      'there is no router to tell: the configuration file needs [bgp] and [[bgp.neighbour]] (docs/bgp.md), and --config-file names it',
    );
  }
  const followed = nodeOf(config);
  warnOfClearKey(followed, logger, 'bgp', 'your routers whom to drop');
  const directory = options.isDryRun ? undefined : openDirectory(config, clock);
  const sparing = sparingOf(ports, config);
  await sparing.refresh();
  const speaker =
    bgp === undefined || options.isDryRun ? undefined : await openSpeakerOf(bgp, logger);
  const announcer = new Announcer(
    {
      clock,
      logger,
      routes: speaker ?? new DryRoutes(print),
      spared: () => sparing.networks(),
      restartFeed: () => stream.restart(),
    },
    { prefixesMax: config.bgpPrefixesMax, additionsPerMinuteMax: config.bgpChangesMax },
  );
  const stream = new ListingStream(
    { logger, sink: announcer },
    { node: followed.url, key: followed.key, keyOption: '--bgp-key', logName: 'bgp' },
  );
  const parts = { announcer, stream, speaker, sparing, directory };
  print(
    `Announcing what ${followed.url.origin} lists to ${count(bgp?.neighbours.length ?? 0, 'router')}${options.isDryRun ? ' (a dry run: nobody is told)' : ''}. Stop with Ctrl-C.`,
  );
  const ending = new AbortController();
  const signal = AbortSignal.any([stopped, ending.signal]);
  const end = (): void => ending.abort();
  try {
    await Promise.all([
      announcer.run(signal).finally(end),
      stream.run(signal).finally(end),
      watch(ports, parts, noteOf(clock, config, followed, parts), options, signal).finally(end),
    ]);
  } finally {
    await speaker?.close({ withdraw: !config.bgpKeepRoutes, reason: 'sentrypeer bgp was stopped' });
    directory?.clear();
  }
}

interface Parts {
  readonly announcer: Announcer;
  readonly stream: ListingStream;
  readonly speaker: Speaker | undefined;
  readonly sparing: Sparing;
  readonly directory: BgpDirectory | undefined;
}

function watch(
  { clock, logger, print }: RunPorts,
  { announcer, directory, sparing }: Parts,
  note: () => BgpNote,
  { isOnce }: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  const routes = new RoutesFile(clock, announcer, directory);
  const shown = new Shown(print);
  return watchRun<BgpNote, BgpOrder>(
    { clock, logger },
    {
      logName: 'bgp',
      directory,
      sparing,
      isOnce,
      nodeSilent: (why) => new OperatingError('bgp_node_silent', why),
      note,
      obey: (order) => (order === 'flush' ? announcer.flush() : announcer.resume()),
      show: (now) => shown.show(now),
      metrics: bgpMetricsText,
      spared: () => announcer.spared,
      writeFiles: () => routes.write(),
    },
    signal,
  );
}

/** What is announced, for `bgp routes`; a long list is written less often. */
class RoutesFile {
  readonly #clock: Clock;
  readonly #announcer: Announcer;
  readonly #directory: BgpDirectory | undefined;
  #revision = -1;
  #dueAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, announcer: Announcer, directory: BgpDirectory | undefined) {
    this.#clock = clock;
    this.#announcer = announcer;
    this.#directory = directory;
  }

  write(): void {
    const nowMs = this.#clock.nowMs();
    const { revision } = this.#announcer;
    if (this.#directory === undefined || revision === this.#revision || nowMs < this.#dueAtMs) {
      return;
    }
    writeRoutes(this.#directory, this.#announcer.announced());
    this.#revision = revision;
    this.#dueAtMs = nowMs + (this.#clock.nowMs() - nowMs) * ROUTES_SHARE;
  }
}

/** Prints a line when the state changes, or a session begins or ends. */
class Shown {
  readonly #print: (line: string) => void;
  readonly #states = new Map<string, string>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  show({ state, entries, neighbours }: BgpNote): void {
    const sum = entries.ipv4 + entries.ipv6;
    this.#say(
      '',
      state,
      {
        starting: 'Waiting for what the node lists; nothing is announced yet.',
        announcing: `Announcing ${count(sum, 'prefix', 'prefixes')}.`,
        withdrawn: 'Everything is withdrawn, until: sentrypeer bgp resume',
      }[state],
    );
    for (const { name, remoteAsn, state: session } of neighbours) {
      const isUp = session === 'Established';
      if (!isUp && !this.#states.has(name)) continue;
      const text = isUp ? 'is up' : 'has ended';
      this.#say(name, text, `The session with ${name} (AS ${remoteAsn}) ${text}.`);
    }
  }

  #say(what: string, state: string, line: string): void {
    if (this.#states.get(what) === state) return;
    this.#states.set(what, state);
    this.#print(line);
  }
}

function noteOf(
  clock: Clock,
  { bgp }: Config,
  { url }: FollowedNode,
  { announcer, stream, speaker }: Parts,
): () => BgpNote {
  const epochMs = (): number => Math.floor(clock.epochUs() / 1000);
  const runId = randomUUID();
  const startedEpochMs = epochMs();
  const sessions = new Sessions();
  return () => {
    const told = announcer.status();
    const heard = speaker?.status();
    const neighbours = sessions.notes(heard?.neighbours ?? [], epochMs());
    const sum = (of: (one: NeighbourStatus) => number): number =>
      neighbours.reduce((total, one) => total + of(one), 0);
    const refused = heard?.prefixesRefused ?? 0;
    const strangersCount = heard?.strangersCount ?? 0;
    return {
      ...told,
      isInForce: told.state === 'announcing',
      alarms: [
        ...told.alarms,
        ...(refused > 0 ? [`${refused} prefixes did not fit into the table`] : []),
        ...sessionAlarms(neighbours, epochMs()),
      ],
      counts: {
        changes: told.changes,
        sessions_ended: sum(({ flapsCount }) => flapsCount),
        messages_sent: sum(({ sent }) => sent.messages),
        messages_received: sum(({ received }) => received.messages),
        strangers: strangersCount,
      },
      processId: process.pid,
      runId,
      writtenEpochMs: epochMs(),
      startedEpochMs,
      node: url.origin,
      serial: stream.serial,
      feedFailure: stream.failure ?? null,
      asn: bgp?.asn ?? 0,
      routerId: bgp?.routerId ?? '',
      neighbours,
      sessions: neighbours.map(sessionNote),
      strangersCount,
    };
  };
}

function openDirectory(config: Config, clock: Clock): BgpDirectory {
  const directory = bgpDirectory(config.bgpRunDir);
  const holder = directory.holder(clock.epochUs() / 1000);
  if (holder !== undefined) {
    throw new OperatingError(
      'bgp_runs_already',
      `sentrypeer bgp already runs as process ${holder}: see sentrypeer bgp status`,
    );
  }
  directory.prepare();
  return directory;
}

function openSpeakerOf(bgp: BgpConfig, logger: Logger): Promise<Speaker> {
  const listen = bgp.listen.map(({ address, port }) => ({ host: address, port }));
  return openSpeaker({ ...bgp, listen, logger });
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
