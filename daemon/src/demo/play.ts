// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileTrouble } from '@sentrypeer/bytes/file';
import { personaNames } from '@sentrypeer/honeypot';
import { assert, OperatingError, silentLogger, type Clock } from '@sentrypeer/kernel';
import { StoreReader, type ListedSubject } from '@sentrypeer/store';
import type { Command, CommandContext } from '../commands/command.ts';
import { loadConfig } from '../config/load-config.ts';
import { Daemon } from '../daemon.ts';
import { DEMO_LOOK_MS, DEMO_PAUSE_MS, DEMO_STEP_MS_MAX, TAIL_PAGE_EVENTS } from '../limits.ts';
import { formatEventLine } from '../output/event-line.ts';
import type { Paint } from '../output/paint.ts';
import { Stage } from './stage.ts';

export interface PlayPorts {
  readonly clock: Clock;
  readonly print: (text: string) => void;
  readonly paint: Paint;
  readonly stopped: AbortSignal;
}

/**
 * A throw-away node and what the script does with it: an ordinary daemon, one thread, on free loopback ports, with
 * everything in a temporary folder that is removed however the program ends.
 */
export class Play implements AsyncDisposable {
  readonly stage: Stage;
  /** The UDP and TCP ports for SIP, and the API's port. */
  readonly ports: { readonly udp: number; readonly tcp: number; readonly api: number };
  readonly #ports: PlayPorts;
  readonly #context: CommandContext;
  readonly #log: StoreReader;
  readonly #scope: AsyncDisposableStack;
  readonly #pauseMs: number;
  #honeyId = 0;

  private constructor(
    ports: PlayPorts,
    parts: {
      readonly scope: AsyncDisposableStack;
      readonly daemon: Daemon;
      readonly stage: Stage;
      readonly context: CommandContext;
      readonly pauseMs: number;
    },
  ) {
    const { udp, tcp, api } = parts.daemon.facts;
    this.#ports = ports;
    this.#scope = parts.scope;
    this.#context = parts.context;
    this.#pauseMs = parts.pauseMs;
    this.#log = this.#scope.use(StoreReader.open(parts.context.config.dbFile));
    this.stage = parts.stage;
    this.ports = { udp: udp[0]?.port ?? 0, tcp: tcp[0]?.port ?? 0, api: api?.port ?? 0 };
  }

  static async open(ports: PlayPorts, isFast: boolean): Promise<Play> {
    await using scope = new AsyncDisposableStack();
    const folder = temporaryFolder();
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove); // Also when the reader of the output goes away.
    scope.defer(() => {
      remove();
      process.removeListener('exit', remove);
    });
    const context = contextIn(folder, ports, new Stage());
    const { stage } = context;
    const daemon = await Daemon.open(
      {
        clock: ports.clock,
        logger: silentLogger,
        write: () => undefined,
        paint: ports.paint,
        processId: process.pid,
        standardOutput: { deliver: async () => undefined },
        proxies: {},
        stage,
        onFailed: (error) => {
          throw error;
        },
      },
      context.config,
    );
    scope.use(daemon);
    const pauseMs = isFast ? 0 : DEMO_PAUSE_MS;
    return new Play(ports, { scope: scope.move(), daemon, stage, context, pauseMs });
  }

  /** Announces what comes next, then pauses for reading. */
  async say(text: string): Promise<void> {
    this.#ports.print(`\n${this.#ports.paint('cyan', text)}\n`);
    await this.#pause(this.#pauseMs);
  }

  /** Waits for this many new events and prints them. */
  async events(count: number): Promise<void> {
    let left = count;
    await this.until('events to be recorded', () => {
      for (const event of this.#log.eventsAfter(this.#honeyId, TAIL_PAGE_EVENTS)) {
        this.#honeyId = event.honeyId;
        left -= 1;
        this.#ports.print(`  ${formatEventLine(event, this.#ports.paint)}`);
      }
      return left <= 0;
    });
    await this.#pause(this.#pauseMs);
  }

  /** Waits until something is listed, or no longer listed. */
  async listed(subject: ListedSubject, isListed: boolean): Promise<void> {
    const { listings } = this.#log;
    await this.until(`${subject.value} to be ${isListed ? 'on' : 'off'} the list`, () => {
      return (listings.listing(subject)?.level === 'listed') === isListed;
    });
  }

  /** Prints a command and its answer, as an operator would see them. */
  async run(command: Command, ...words: readonly string[]): Promise<void> {
    const { print, paint } = this.#ports;
    print(`\n${paint('bold', `$ sentrypeer ${[command.name, ...words].join(' ')}`)}\n`);
    const answer = await command.prepare({ words, flags: new Map() })(this.#context);
    print(`${answer?.text ?? ''}${answer?.remark ?? ''}`);
    await this.#pause(this.#pauseMs);
  }

  /** Asks the API as a PBX or a firewall would, and prints the answer. */
  async ask(path: string): Promise<void> {
    const { print, paint, stopped } = this.#ports;
    const url = `http://127.0.0.1:${this.ports.api}${path}`;
    print(`\n${paint('bold', `$ curl ${url.includes('?') ? `'${url}'` : url}`)}\n`);
    const response = await fetch(url, { signal: stopped });
    print(`${(await response.text()).trimEnd()}\n`);
    await this.#pause(this.#pauseMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.disposeAsync();
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const { clock } = this.#ports;
    const endAtMs = clock.nowMs() + DEMO_STEP_MS_MAX;
    while (!condition()) {
      if (clock.nowMs() > endAtMs) {
        throw new OperatingError(
          'demo_failed',
          `the demo waited in vain for ${what}: this machine is too busy, or SentryPeer has a bug`,
        );
      }
      await this.#pause(DEMO_LOOK_MS);
    }
  }

  /** Throws after Ctrl-C. */
  async #pause(ms: number): Promise<void> {
    this.#ports.stopped.throwIfAborted();
    if (ms > 0) await wait(ms, undefined, { signal: this.#ports.stopped });
  }
}

/** The context of the demo's commands: its own configuration, regardless of the operator's. */
function contextIn(
  folder: string,
  ports: PlayPorts,
  stage: Stage,
): CommandContext & { stage: Stage } {
  const load = (): ReturnType<typeof loadConfig> =>
    loadConfig({
      argv: [
        '--db-file',
        join(folder, 'sentrypeer.db'),
        '--responsive',
        '--api',
        '--api-port=0',
        '--sip-address=127.0.0.1',
        '--sip-port=0',
        '--no-tls',
        '--threads=1',
        '--persona=freepbx',
        '--home-country=SE',
        '--reply-rate=1000',
        '--reply-burst=1000',
      ],
      env: {},
      homeDirectory: undefined,
      coresCount: 1,
      personaNames,
      readFile: () => '',
      directoryExists: () => true,
      realPath: (path) => path,
      throughLinks: (path) => path,
      fileExists: () => false,
      listDirectory: () => [],
    });
  const loaded = load();
  assert(loaded.kind === 'run', 'demo_configured');
  const { config, origins } = loaded;
  return {
    ...ports,
    config,
    origins,
    logger: silentLogger,
    warnings: [],
    loadAsDaemon: load,
    stage,
  };
}

/** Throws `OperatingError`. */
function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'sentrypeer-demo-'));
  } catch (cause) {
    throw new OperatingError(
      'demo_failed',
      `no temporary folder can be made in ${tmpdir()} (${fileTrouble(cause)}): set TMPDIR to a directory that this user may write`,
      { cause },
    );
  }
}
