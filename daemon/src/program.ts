// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The program: reads the configuration, runs the daemon until it is told to stop. */

import { ECHO_MS, signals } from './signals.ts'; // First, so that a signal finds its handler while the rest loads.
import { compileAsUsual, compileUnderLoad, startAsSmallDevice } from './small-profile.ts'; // Second, as it says.
import { existsSync, readdirSync, statSync, type Stats } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { readSmallFile } from '@sentrypeer/bytes/file';
import { personaNames } from '@sentrypeer/honeypot';
import { OperatingError, systemClock } from '@sentrypeer/kernel';
import { filesAdvice } from '@sentrypeer/net';
import type { Config } from './config/config.ts';
import { NAMED_FILE_OCTETS_MAX } from './config/limits.ts';
import { loadConfig, type ConfigSources, type LoadedConfig } from './config/load-config.ts';
import { isRefusal } from './config/refusal.ts';
import { cursorNames, Daemon } from './daemon.ts';
import { STANDARD_OUTPUT_FILE } from './config/value-types.ts';
import { limitArenas } from './allocator.ts';
import { keepUnusedCodeOut } from './program-file.ts';
import { ARENAS_COUNT_MAX, STOP_MS_MAX } from './limits.ts';
import { keepTickShape } from './keep-tick-shape.ts';
import {
  collectWithoutHelpers,
  keepHeapNearItsContent,
  keepHeapSmall,
  releaseMemoryWhenQuiet,
} from './garbage-collection.ts';
import { ConsoleLogger, logLevel } from './output/console-logger.ts';
import { deliver } from './output/deliver.ts';
import { paintFor } from './output/paint.ts';
import { assertSomeOpenFiles, warnOfFewOpenFiles } from './open-files.ts';
import { systemCode } from './process-limits.ts';
import { realPath } from './real-path.ts';
import { leaveRunningNote, readRunningNote, type RunningNote } from './running-note.ts';
import { StandardStream } from './output/standard-stream.ts';
import { throughLinks } from './through-links.ts';
import { Supervisor } from './supervisor.ts';
import {
  formatStartupBanner,
  formatVerboseStart,
  VERBOSE_STOPPED,
  VERBOSE_STOPPING,
} from './output/startup-banner.ts';

const STATUS_FAILED = 1;
const STATUS_REFUSED = 2;
const output = new StandardStream(process.stdout);
const errors = new StandardStream(process.stderr);
const printError = (text: string): void => errors.write(text);

/**
 * The answer of a command could not be written. A reader that wants no more of it, such as `head`, is not a failure;
 * anything else is reported.
 */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  fail(
    new OperatingError(
      'output_failed',
      `the answer could not be written to standard output: ${error.message}`,
      { cause: error },
    ),
  );
  process.exit();
}

/** Prints an answer; the command wants to know whether it was taken. */
async function deliverAnswer(text: string): Promise<void> {
  process.stdout.off('error', endWithoutReader); // It would end the program before the command hears of the failure.
  await deliver(text, process.stdout.fd, (rest) => output.deliver(rest));
}

/** Says why the program ends: operating errors in one line, bugs with all details. */
function fail(error: unknown): void {
  const advice = filesAdvice(systemCode(error));
  const isNowhere = error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd';
  if (error instanceof OperatingError) printError(`sentrypeer: ${error.message}\n`);
  else if (isNowhere)
    printError('sentrypeer: the working directory was removed: change to another\n');
  else if (advice !== undefined) printError(`sentrypeer: ${(error as Error).message}. ${advice}\n`);
  else printError(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = isRefusal(error) ? STATUS_REFUSED : STATUS_FAILED;
}

function consoleLogger(config: Config, onProgress?: (text: string) => void): ConsoleLogger {
  return new ConsoleLogger(
    {
      clock: systemClock,
      write: printError,
      isTerminal: process.stderr.isTTY,
      ...(onProgress && { onProgress }),
    },
    { level: logLevel(config) },
  );
}

async function run(config: Config, warnings: readonly string[]): Promise<void> {
  const logger = consoleLogger(config, (text) => supervisor.progress(text));
  const supervisor: Supervisor = openSupervisor(logger);
  void endWhenLate(logger);
  for (const warning of warnings) logger.warn('configuration', { warning });
  const ports = {
    clock: systemClock,
    logger,
    write: printError,
    paint: paintFor(config.color, process.stderr),
    processId: process.pid,
    proxies: proxyVariables(),
    standardOutput: output,
    onFailed: (error: unknown) => {
      fail(error);
      process.exit();
    },
  };
  assertSomeOpenFiles();
  if (config.api) keepTickShape();
  limitArenas(ARENAS_COUNT_MAX);
  collectWithoutHelpers();
  keepHeapNearItsContent();
  if (config.threads === 1) keepHeapSmall();
  const before = readRunningNote(config.dbFile);
  await using daemon = await Daemon.open(ports, config).catch((error: unknown) => {
    throw before === undefined ? error : sayingWhoRuns(error, before);
  });
  warnOfOpenFiles(config, logger);
  if (!config.noSip) warnOfFewOpenFiles(config.connectionsMax, logger);
  if (before !== undefined && before.processId !== process.pid) {
    logger.warn('database_shared', {
      process: before.processId,
      why: 'this process seems to use the database already; each counts for itself what repeats, and status shows the newer one',
    });
  }
  const { facts } = daemon;
  if (config.verbose) printError(formatVerboseStart({ ...facts, ...config, sip: !config.noSip }));
  signals.onReload(() => void supervisor.reloading(daemon.reopenLogs()));
  const note = leaveRunningNote(facts, {
    startedEpochUs: systemClock.epochUs(),
    consumers: cursorNames(config),
    before,
  });
  // Standard output is for the events if they go there.
  const banner = facts.jsonLogFile === STANDARD_OUTPUT_FILE ? errors : output;
  banner.write(formatStartupBanner(facts));
  // Releasing later would also drop what V8 has learnt about look-ups; only a small device has better uses for the
  // memory.
  const leaveMemory = releaseMemoryWhenQuiet({
    keepsCode: config.api && config.threads > 1,
    alsoRelease: daemon.releaseMemory,
  });
  const leaveCode = keepUnusedCodeOut();
  if (config.profile === 'small') compileUnderLoad();
  supervisor.ready(() => daemon.status());
  await signals.stopped;
  supervisor.stopping();
  leaveMemory();
  leaveCode();
  if (config.verbose) printError(VERBOSE_STOPPING);
  await daemon.close();
  note[Symbol.dispose]();
  await supervisor.close();
  logger.flush();
  if (config.verbose) printError(VERBOSE_STOPPED);
}

/** A port that is taken is most often ours: the daemon was started twice. */
function sayingWhoRuns(error: unknown, { processId }: RunningNote): unknown {
  if (!(error instanceof OperatingError) || !error.code.endsWith('port_taken')) return error;
  return new OperatingError(
    error.code,
    `${error.message} SentryPeer already runs on this database as process ${processId}: see sentrypeer status`,
    { cause: error },
  );
}

/** Runs the command on the command line instead of the daemon. */
async function runCommandLine(loaded: LoadedConfig & { readonly kind: 'command' }): Promise<void> {
  const { runCommand } = await import('./commands/run-command.ts');
  const { config, origins, warnings } = loaded;
  for (const warning of warnings) printError(`sentrypeer: ${warning}\n`);
  const stopping = new AbortController();
  let abortedAtMs = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!stopping.signal.aborted) {
        abortedAtMs = performance.now();
        stopping.abort(name);
        return;
      }
      const isEcho = stopping.signal.reason === name && performance.now() - abortedAtMs < ECHO_MS;
      // A second one ends the program at once, after removing what must not remain.
      if (!isEcho) process.exit(STATUS_FAILED);
    });
  }
  const outcome = await runCommand(
    loaded,
    {
      config,
      origins,
      warnings,
      clock: systemClock,
      logger: consoleLogger(config),
      print: (text) => process.stdout.write(text),
      paint: paintFor(config.color, process.stdout),
      stopped: stopping.signal,
      loadAsDaemon: () => loadConfig({ ...sources, asDaemon: true }),
    },
    { said: printError, deliver: deliverAnswer },
  );
  if (outcome === 'bad') process.exitCode = STATUS_FAILED;
}

/**
 * `undefined` without HOME for a user that the system does not know, as in some containers; and with an empty one, which
 * would mean the working directory.
 */
function homeDirectory(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

function openSupervisor(logger: ConsoleLogger): Supervisor {
  const monotonicUs = (): bigint => process.hrtime.bigint() / 1000n;
  const supervisor = new Supervisor({ logger, env: process.env, pid: process.pid, monotonicUs });
  supervisor.starting();
  return supervisor;
}

/** New files are only for the owner, or also for the group: they contain the passwords that attackers tried. */
function restrictNewFiles({ groupReadable }: Config): void {
  process.umask(process.umask() | (groupReadable ? 0o027 : 0o077));
}

/** An existing file keeps its mode, because another program may read it. */
function warnOfOpenFiles({ dbFile, jsonLog, jsonLogFile }: Config, logger: ConsoleLogger): void {
  if (process.platform === 'win32') return; // It has no such bits and always reports them as set.
  for (const file of jsonLog ? [dbFile, jsonLogFile] : [dbFile]) {
    const stats = statsOf(file);
    if (stats?.isFile() !== true || (stats.mode & 0o007) === 0) continue;
    logger.warn('file_open_to_all', {
      file,
      why: 'every user of this machine may read it, and it holds credentials that attackers tried; run chmod o-rwx on it',
    });
  }
}

/** `undefined` if there is nothing, or nothing that this user may see: opening it will say so. */
function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Ends the process if an orderly stop takes too long, even one requested during the start. */
async function endWhenLate(logger: ConsoleLogger): Promise<void> {
  await signals.stopped;
  // The timer does not keep the process alive: it acts only if something else does, such as a stuck reader of our
  // output.
  setTimeout(() => {
    logger.error('stop_took_too_long', { ms: STOP_MS_MAX });
    process.exit();
  }, STOP_MS_MAX).unref();
}

function proxyVariables(): Readonly<Record<string, string | undefined>> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]);
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** `ps` shows the command line to every user; possible secrets in it are overwritten. */
function hideSecrets(secrets: readonly string[]): void {
  const hidden = secrets.filter((secret) => secret !== '');
  if (hidden.length === 0) return;
  process.title = [...process.argv]
    .map((word) => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), word))
    .join(' ');
}

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });
const sources: ConfigSources = {
  argv: process.argv.slice(2),
  env: process.env,
  homeDirectory: homeDirectory(),
  coresCount: availableParallelism(),
  personaNames,
  readFile: (path) => TEXT.decode(readSmallFile(path, NAMED_FILE_OCTETS_MAX)),
  directoryExists: (path) => existsSync(path) && statSync(path).isDirectory(),
  fileExists: existsSync,
  realPath,
  throughLinks,
  listDirectory: (path) => (existsSync(path) ? readdirSync(path) : []),
};
const loaded: LoadedConfig = loadConfig(sources);

if ('secrets' in loaded) hideSecrets(loaded.secrets);
if ('config' in loaded) restrictNewFiles(loaded.config);
if (loaded.kind !== 'run') {
  compileAsUsual();
  await turn(); // A signal that came while this loaded waits to be dispatched: without its handler it would be lost.
  signals.release();
  process.stdout.on('error', endWithoutReader);
}

try {
  switch (loaded.kind) {
    case 'print':
      process.stdout.write(loaded.text);
      break;
    case 'licences': {
      const { licences } = await import('./output/licences.ts');
      process.stdout.write(licences());
      break;
    }
    case 'refused':
      printError(`sentrypeer: ${loaded.message}\n`);
      process.exitCode = STATUS_REFUSED;
      break;
    case 'help': {
      const { helpText } = await import('./commands/help-text.ts');
      process.stdout.write(helpText(loaded.words));
      break;
    }
    case 'command':
      await runCommandLine(loaded);
      break;
    case 'run':
      if (loaded.config.profile === 'small') startAsSmallDevice();
      else compileAsUsual();
      await run(loaded.config, loaded.warnings);
      break;
  }
} catch (error) {
  fail(error);
}
