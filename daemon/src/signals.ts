// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The signals of the process. This module is loaded before everything else and imports nothing: a signal that arrives
 * while the rest loads must find its handler, or the system's default ends the program.
 */

/** Exit status that a shell reports for a process ended by a signal: 128 plus its number (SIGINT 2). */
const STATUS_STOPPED_AT_ONCE = 130;
/**
 * Milliseconds within which the same signal counts as the first one again: systemd, `timeout` and terminals send it to
 * the whole group, and our parent may forward it as well. Chosen: nobody sends a second one on purpose so soon.
 */
export const ECHO_MS = 300;

/**
 * Signals that end a program which does not catch them: a key of the terminal, a timer or a limit on processor time that
 * whoever started it has set, and power that is about to fail. What has just come would be lost.
 */
const ENDING = ['SIGQUIT', 'SIGALRM', 'SIGVTALRM', 'SIGXCPU', 'SIGPWR', 'SIGIO'] as const;

/** The part of `process` that {@link Signals} needs. */
export interface SignalHost {
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  on(name: NodeJS.Signals, handler: () => void): unknown;
  off(name: NodeJS.Signals, handler: () => void): unknown;
  kill(pid: number, name: NodeJS.Signals): unknown;
  exit(status: number): unknown;
}

/** Catches every signal that would end the program unintentionally, and remembers what came early. */
export class Signals {
  /** Resolves at the first signal to stop; the second one ends the process at once. */
  readonly stopped: Promise<void>;
  readonly #host: SignalHost;
  readonly #handlers: ReadonlyMap<NodeJS.Signals, () => void>;
  readonly #nowMs: () => number;
  #stop: () => void = doNothing;
  #received: NodeJS.Signals | undefined;
  #reload: (() => void) | undefined;
  #isReloadDue = false;
  #stoppedAtMs = 0;

  constructor(host: SignalHost, nowMs: () => number = () => performance.now()) {
    this.#host = host;
    this.#nowMs = nowMs;
    // Not `Promise.withResolvers`: an older Node.js must come as far as main.ts, which says that it is too old.
    this.stopped = new Promise((resolve) => (this.#stop = resolve));
    const stop = (name: NodeJS.Signals): [NodeJS.Signals, () => void] => [
      name,
      () => this.#onStop(name),
    ];
    // Windows has no SIGHUP: there Node uses it to report that the console was closed, and the system ends us soon.
    const hangUp: [NodeJS.Signals, () => void] =
      host.platform === 'win32' ? stop('SIGHUP') : ['SIGHUP', () => this.#onHangUp()];
    this.#handlers = new Map([
      stop('SIGINT'),
      stop('SIGTERM'),
      ...(host.platform === 'win32' ? (['SIGBREAK'] as const) : ENDING).map(stop),
      hangUp,
      // Node opens a debugger's port at SIGUSR1 if nobody listens for it, and SIGUSR2 ends the process.
      ...(host.platform === 'win32'
        ? []
        : (['SIGUSR1', 'SIGUSR2'] as const).map((name) => [name, doNothing] as const)),
    ]);
    for (const [name, handler] of this.#handlers) host.on(name, handler);
  }

  /** What to do at SIGHUP; called at once if one came before. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#isReloadDue) this.#onHangUp();
  }

  /**
   * For a command, which has nothing to close: signals end it like any other program, including one that came before
   * this call.
   */
  release(): void {
    for (const [name, handler] of this.#handlers) {
      if (handler !== doNothing) this.#host.off(name, handler);
    }
    if (this.#received !== undefined) this.#host.kill(this.#host.pid, this.#received);
  }

  #onStop(name: NodeJS.Signals): void {
    if (this.#received !== undefined && this.#received !== 'SIGHUP') {
      const isEcho = name === this.#received && this.#nowMs() - this.#stoppedAtMs < ECHO_MS;
      if (!isEcho) this.#host.exit(STATUS_STOPPED_AT_ONCE);
      return;
    }
    this.#stoppedAtMs = this.#nowMs();
    this.#received = name;
    this.#stop();
  }

  #onHangUp(): void {
    this.#received ??= 'SIGHUP';
    this.#isReloadDue = this.#reload === undefined;
    this.#reload?.();
  }
}

/** Those of this process. */
export const signals = new Signals(process);

function doNothing(): void {
  return undefined;
}
