// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hostname } from 'node:os';
import type { DeliveryPorts, JsonLog, Syslog, Webhooks } from '@sentrypeer/delivery';
import {
  FLEET_CURSOR,
  JSON_LOG_CURSOR,
  JUDGE_CURSOR,
  POOL_CURSOR,
  SYSLOG_CURSOR,
  webhookCursor,
} from '@sentrypeer/follow/cursors';
import type { RecordedEvent } from '@sentrypeer/event';
import { Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import { ListingFeed, StoreReader } from '@sentrypeer/store';
import type { SipLocals } from './services/sip-listeners.ts';
import { openEngine, pushesToFleet, readerOptions } from './open-engine.ts';
import type { Config } from './config/config.ts';
import { STANDARD_OUTPUT_FILE } from './config/value-types.ts';
import { VERSION } from './config/version.ts';
import type { Stage } from './demo/stage.ts';
import type { Engine } from './engine.ts';
import { openIdentity } from './identity.ts';
import type { StartupFacts } from './output/startup-banner.ts';
import { formatEventLine } from './output/event-line.ts';
import type { Paint } from './output/paint.ts';
import { formatVerboseEvent } from './output/verbose-event.ts';
import { VerbosePrinter } from './output/verbose-printer.ts';
import { openAgent } from './open-agent.ts';
import { prepareSip, type SipPlan } from './open-sip.ts';
import { ApiService } from './services/api-service.ts';
import type { SummarySender } from './services/analytics/summary-sender.ts';
import type { FleetService } from './services/fleet/fleet-service.ts';
import type { PoolService, PoolServicePorts } from './services/pool-service.ts';
import { SocketDrops } from './services/socket-drops.ts';
import { cursorSink } from './services/writer-commands.ts';

export interface DaemonPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Prints events for a person who is watching. */
  readonly write: (text: string) => void;
  /** Colours for that text. */
  readonly paint: Paint;
  readonly processId: number;
  /** Takes the JSON log if it goes to standard output. */
  readonly standardOutput: { deliver(text: string): Promise<void> };
  /** Environment variables that name proxies. */
  readonly proxies: Readonly<Record<string, string | undefined>>;
  /** A part failed while running; the process must end. */
  readonly onFailed: (error: unknown) => void;
  /** Only in the demo. @default none */
  readonly stage?: Stage;
}

/** A consumer of the event log. */
interface Consumer {
  wake(): void;
}

interface Parts {
  readonly jsonLog: JsonLog | undefined;
  readonly engine: Engine;
  readonly log: StoreReader;
  readonly api: ApiService | undefined;
  readonly logger: Logger;
}

/** Where events go, and how well that works. */
interface Output {
  /** Why it does not get its events at present, for a person. */
  readonly trouble: string | undefined;
}

interface Outputs {
  readonly jsonLog: JsonLog | undefined;
  readonly webhooks: Webhooks | undefined;
  readonly fleet: FleetService | undefined;
  /** All except webhooks, by name. */
  readonly outputs: Readonly<Record<string, Output>>;
}

/** Everything that runs, assembled. */
export class Daemon implements AsyncDisposable {
  /** What is open, for the lines printed at start. */
  readonly facts: StartupFacts;
  /** Releases memory that only makes the next requests faster. */
  readonly releaseMemory = (): void => {
    for (const part of [this.#parts.engine, this.#parts.log, this.#parts.api])
      part?.releaseMemory();
  };
  readonly #scope: AsyncDisposableStack;
  readonly #parts: Parts;
  readonly #stuck: Outage;
  #closing: Promise<void> | undefined;

  private constructor(facts: StartupFacts, scope: AsyncDisposableStack, parts: Parts) {
    this.facts = facts;
    this.#scope = scope;
    this.#parts = parts;
    const names = { failed: 'thread_stuck', over: 'thread_turns_again' };
    this.#stuck = new Outage(parts.logger, 'error', names);
  }

  /** Resolves when everything is open; throws `OperatingError` with everything closed again. */
  static async open(ports: DaemonPorts, config: Config): Promise<Daemon> {
    const { clock, logger } = ports;
    await using scope = new AsyncDisposableStack();
    const identity = await openIdentity(config.identityFile);
    for (const warning of identity.warnings) logger.warn('identity', { warning });
    // While the store's thread starts; whichever fails first is reported first.
    const preparing = config.noSip ? undefined : prepareSip({ identity, logger }, config);
    preparing?.catch(() => undefined);

    const consumers: Consumer[] = [];
    let feed: ListingFeed | undefined;
    const onCommitted = (): void => {
      for (const consumer of consumers) consumer.wake();
    };
    const engine = await openEngine(
      {
        clock,
        logger,
        onCommitted,
        onListed: (serial) => feed?.changed(serial),
        onFailed: ports.onFailed,
        stage: ports.stage,
      },
      config,
    );
    scope.defer(() => engine.close());
    const log = scope.use(StoreReader.open(config.dbFile, readerOptions(config)));
    feed = new ListingFeed(log.listings);

    const { jsonLog, webhooks, fleet, outputs } = await openOutputs(
      { ...ports, log, engine, scope, consumers },
      config,
      identity.nodeId,
    );
    if (fleet !== undefined) scope.defer(feed.onChanged(() => fleet.listed()));
    // Closing runs in reverse order: first nothing more is received, then what is committed is delivered.
    scope.defer(() => engine.drain());

    const pool = await openPool({ ...ports, engine, log, identity }, config);
    if (pool !== undefined) consumers.push(scope.use(pool));

    const plan = await preparing;
    const sipOpening = beginSip(engine, plan, scope);
    const agent = scope.use(await openAgent({ ...ports, identity }, config));
    const socketDrops = scope.use(new SocketDrops(logger));
    socketDrops.watch('dht', pool?.locals ?? []);
    socketDrops.watch('agent', agent?.locals.udp ?? []);
    const parts = { engine, log, feed, agent, pool, webhooks, fleet, socketDrops, outputs };
    const api = config.api
      ? scope.use(
          await ApiService.open({ ...ports, ...parts, consumers: cursorNames(config) }, config),
        )
      : undefined;
    if (api !== undefined) consumers.push(api);
    const sipLocals = await sipOpening;
    api?.opened();
    const facts = {
      ...configuredFacts(config),
      nodeId: identity.nodeId,
      processId: ports.processId,
      persona: config.responsive ? plan?.persona : undefined,
      ...sipLocals,
      agent: agent?.locals,
      dht: pool?.locals ?? [],
      api: api === undefined ? undefined : { address: api.address.host, port: api.address.port },
    };
    return new Daemon(facts, scope.move(), { jsonLog, engine, log, api, logger });
  }

  /** Lets the log files be rotated. */
  async reopenLogs(): Promise<void> {
    await this.#parts.jsonLog?.reopen();
  }

  /** The state in one line; `undefined` if a thread hangs, which only a restart can cure. */
  status(): string | undefined {
    const { engine, log } = this.#parts;
    const thread = engine.stuck();
    if (thread !== undefined) {
      this.#stuck.failed({ thread, why: 'nothing was heard of it for a minute' });
      return undefined;
    }
    this.#stuck.over();
    const stall = engine.stall();
    return stall === undefined
      ? `recording; ${log.lastHoneyId()} events so far`
      : `cannot record: ${stall}`;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#scope.disposeAsync());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function configuredFacts(config: Config) {
  return {
    version: VERSION,
    responsive: config.responsive,
    dbFile: config.dbFile,
    jsonLogFile: config.jsonLog ? config.jsonLogFile : undefined,
    webhookNames: config.webhooks.map(({ name }) => name),
    syslogTarget: config.syslog ? formatSyslogTarget(config.syslogTarget) : undefined,
  };
}

/** The receiving threads start while the API opens; whichever fails, they have finished starting before they stop. */
function beginSip(
  engine: Engine,
  plan: SipPlan | undefined,
  scope: AsyncDisposableStack,
): Promise<SipLocals> {
  if (plan === undefined) return Promise.resolve({ udp: [], tcp: [], tls: [] });
  const opening = engine.openSip(plan.options);
  const settled = Promise.allSettled([opening]);
  scope.defer(async () => void (await settled));
  return opening;
}

/** Opens the places where events go, in the order in which they are woken. */
async function openOutputs(
  ports: DaemonPorts & {
    readonly log: StoreReader;
    readonly engine: Engine;
    readonly scope: AsyncDisposableStack;
    readonly consumers: Consumer[];
  },
  config: Config,
  nodeId: string,
): Promise<Outputs> {
  const { log, engine, logger, clock, scope, consumers } = ports;
  const delivery = { log, cursors: cursorSink(engine), logger, clock };
  const outputs: Record<string, Output> = {};
  const jsonLog = config.jsonLog
    ? await openJsonLog(delivery, config, ports.standardOutput)
    : undefined;
  if (jsonLog !== undefined) {
    consumers.push(scope.use(jsonLog));
    outputs['json-log'] = jsonLog;
  }
  if (config.syslog) {
    const syslog = await openSyslog(delivery, config, { nodeId, pid: ports.processId });
    consumers.push(scope.use(syslog));
    outputs['syslog'] = syslog;
  }
  const webhooks = await openWebhooks(
    { ...delivery, log, engine },
    { config, nodeId, proxies: ports.proxies },
  );
  if (webhooks !== undefined) consumers.push(scope.use(webhooks));
  scope.use((await openSummary(ports, config)) ?? null);
  const fleet = await openFleet(ports, config, nodeId);
  if (fleet !== undefined) {
    consumers.push(scope.use(fleet));
    outputs['fleet'] = fleet;
  }
  if (config.verbose) consumers.push(openPrinter(ports, log, config));
  return { jsonLog, webhooks, fleet, outputs };
}

/* Unused parts are not loaded: a small device has better uses for the memory. */

async function openJsonLog(
  ports: DeliveryPorts,
  { jsonLogFile, dbFreeMinOctets, jsonLogSizeMaxOctets, jsonLogFilesCount }: Config,
  standardOutput: DaemonPorts['standardOutput'],
): Promise<JsonLog> {
  const { JsonLog } = await import('@sentrypeer/delivery');
  const path = jsonLogFile === STANDARD_OUTPUT_FILE ? standardOutput : jsonLogFile;
  const bounds = {
    freeOctetsMin: dbFreeMinOctets,
    sizeOctetsMax: jsonLogSizeMaxOctets,
    keptCount: jsonLogFilesCount,
  };
  return JsonLog.open(ports, { path, bounds, appVersion: VERSION });
}

async function openSyslog(
  ports: DeliveryPorts,
  config: Config,
  self: { readonly nodeId: string; readonly pid: number },
): Promise<Syslog> {
  const { Syslog } = await import('@sentrypeer/delivery');
  const { syslogTarget: target, syslogGrade: grade } = config;
  return Syslog.open(ports, { target, grade, hostname: hostname(), ...self });
}

async function openWebhooks(
  { engine, ...ports }: DeliveryPorts & { readonly log: StoreReader; readonly engine: Engine },
  {
    config,
    ...facts
  }: { readonly config: Config } & Pick<DaemonPorts, 'proxies'> & { readonly nodeId: string },
): Promise<Webhooks | undefined> {
  if (config.webhooks.length === 0) return undefined;
  const { Webhooks } = await import('@sentrypeer/delivery');
  return Webhooks.open(
    {
      ...ports,
      random: Math.random,
      changeEndpoint: (change) => engine.write('changeEndpoint', change),
    },
    config.webhooks,
    { ...facts, appVersion: VERSION },
  );
}

/** The daily summary, which needs two settings to be switched on. */
async function openSummary(
  {
    log,
    engine,
    logger,
    clock,
    proxies,
  }: DaemonPorts & { readonly log: StoreReader; readonly engine: Engine },
  { analytics, analyticsSummary: url, analyticsSeen: seen }: Config,
): Promise<SummarySender | undefined> {
  if (!analytics || url === undefined) return undefined;
  const { SummarySender } = await import('./services/analytics/summary-sender.ts');
  const saveCursor = (name: string, day: number) => engine.write('saveCursor', name, day);
  return SummarySender.open({ log, saveCursor, clock, logger }, { url, seen, proxies });
}

async function openFleet(
  {
    logger,
    engine,
    onFailed,
  }: Pick<DaemonPorts, 'logger' | 'onFailed'> & { readonly engine: Engine },
  { fleetAddress: address, dbFile, fleetMessages, fleetHub, fleetFollower }: Config,
  nodeId: string,
): Promise<FleetService | undefined> {
  if (address === undefined || fleetHub) {
    // A node that no longer follows anybody must not act on what it followed before.
    while (await engine.write('sweepListings', true));
  }
  if (address === undefined) return undefined;
  const { FleetService } = await import('./services/fleet/fleet-service.ts');
  const options = {
    dbFile,
    address,
    nodeId,
    version: VERSION,
    hasMessages: fleetMessages,
    role: fleetHub ? 'hub' : fleetFollower ? 'follower' : 'sensor',
  } as const;
  return FleetService.open({ logger, engine, onFailed }, options);
}

/** With `-v` a line for each event, with `-d` everything that SentryPeer 4.x prints. */
function openPrinter(
  { write, paint }: Pick<DaemonPorts, 'write' | 'paint'>,
  log: StoreReader,
  { debug }: Config,
): VerbosePrinter {
  const line = (event: RecordedEvent): string => formatEventLine(event, paint);
  return new VerbosePrinter({ log, write }, debug ? formatVerboseEvent : line);
}

async function openPool(ports: PoolServicePorts, config: Config): Promise<PoolService | undefined> {
  if (!config.peerToPeer) return undefined;
  const { PoolService } = await import('./services/pool-service.ts');
  return PoolService.open(ports, config);
}

/** Names of the cursors of those who follow the event log. */
export function cursorNames(config: Config): readonly string[] {
  return [
    JUDGE_CURSOR,
    ...(config.jsonLog ? [JSON_LOG_CURSOR] : []),
    ...(config.syslog ? [SYSLOG_CURSOR] : []),
    ...config.webhooks.map(({ name }) => webhookCursor(name)),
    ...(config.peerToPeer ? [POOL_CURSOR] : []),
    ...(pushesToFleet(config) ? [FLEET_CURSOR] : []),
  ];
}

function formatSyslogTarget(target: Config['syslogTarget']): string {
  return target.kind === 'local' ? 'local' : `${target.kind}://${target.host}:${target.port}`;
}
