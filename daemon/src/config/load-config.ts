// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isAbsolute, join } from 'node:path';
import { readBgpTable } from './bgp-table.ts';
import { readFleet } from './fleet-address.ts';
import type { CommandFlagName } from './command-flags.ts';
import { completeConfig, type Config, type ConfigOrigins, type OptionValues } from './config.ts';
import { parseConfigFile, type ParsedFile } from './config-file.ts';
import {
  idleFlags,
  refuseContradictions,
  refuseMissingDirectories,
  refuseUnknownPersona,
} from './contradictions.ts';
import { disarmingSettings } from './disarming.ts';
import { parseEnvironment } from './environment.ts';
import { parseFlags } from './flags.ts';
import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';
import { isRefusal, quoted, refusal } from './refusal.ts';
import {
  keyOfLong,
  OPTION_ENTRIES,
  readSetting,
  type ConfigKey,
  type Origin,
  type Setting,
  type Settings,
} from './settings.ts';
import { fileTrouble } from '@sentrypeer/bytes/file';
import { readServiceUnit, type ServiceUnit } from './service-unit.ts';
import { pathType, STANDARD_OUTPUT_FILE } from './value-types.ts';
import { VERSION } from './version.ts';
import { refuseSharedFiles } from './shared-files.ts';
import { refuseSharedPorts } from './shared-ports.ts';
import { readWebhooks } from './webhooks.ts';

/** What {@link loadConfig} knows about the machine. */
export interface ConfigSources {
  /** Without the names of the interpreter and the program. */
  readonly argv: readonly string[];
  /** Whether to read the daemon's configuration, whatever command the words are. @default false */
  readonly asDaemon?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `undefined` if this user has none. */
  readonly homeDirectory: string | undefined;
  /** Cores that this process may use. */
  readonly coresCount: number;
  /** Personas that `--persona` may name in addition to `auto`. */
  readonly personaNames: readonly string[];
  /** The text of a file; throws what `fs.readFileSync` throws. */
  readFile(path: string): string;
  directoryExists(path: string): boolean;
  fileExists(path: string): boolean;
  /** One text for all names of a file, with links followed; the file itself may be missing. */
  realPath(path: string): string;
  /** The file that a link leads to, which may be missing; any other path as it is. */
  throughLinks(path: string): string;
  /** Names in a directory; none if it cannot be read. */
  listDirectory(path: string): readonly string[];
}

interface Loaded {
  readonly config: Config;
  readonly origins: ConfigOrigins;
  /** What was ignored, one line each. */
  readonly warnings: readonly string[];
  /** Parts of the command line that may be secrets. */
  readonly secrets: readonly string[];
}

/** What the operator wants. */
export type LoadedConfig =
  | ({ readonly kind: 'run' } & Loaded)
  /** Do what the words say instead; they have not been read yet. */
  | ({
      readonly kind: 'command';
      readonly words: readonly string[];
      readonly flags: ReadonlyMap<CommandFlagName, string>;
    } & Loaded)
  /** Print the help of the program, or of the command that the words name. */
  | { readonly kind: 'help'; readonly words: readonly string[] }
  /** Print the licences of the software inside the program. */
  | { readonly kind: 'licences' }
  /** Print `text` to standard output and end with status 0. */
  | { readonly kind: 'print'; readonly text: string }
  /** Print `message`, one line, to standard error and end with status 2. */
  | { readonly kind: 'refused'; readonly message: string };

/** Reads flags, environment and file: the first of these that sets a value wins, then the default. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  try {
    return load(sources);
  } catch (error) {
    if (isRefusal(error)) return { kind: 'refused', message: error.message };
    throw error;
  }
}

function load(sources: ConfigSources): LoadedConfig {
  const flags = parseFlags(sources.argv);
  if (flags.print === 'help') return { kind: 'help', words: flags.words };
  if (flags.words[0] === 'help') return { kind: 'help', words: flags.words.slice(1) };
  if (flags.print === 'licences') return { kind: 'licences' };
  if (flags.print === 'version') return { kind: 'print', text: `sentrypeer ${VERSION}\n` };
  const isCommand = flags.words.length > 0 && sources.asDaemon !== true;
  const [commandFlag] = flags.commandFlags.keys();
  if (flags.words.length === 0 && commandFlag !== undefined) {
    throw refusal(`--${commandFlag} belongs to a command: see sentrypeer --help`);
  }
  const environment = parseEnvironment(sources.env);
  const own = loadFile(sources, [flags.settings, environment.settings], sources.homeDirectory);
  const unit =
    flags.words.length > 0
      ? daemonSettings(sources, [flags.settings, environment.settings, own.settings])
      : undefined;
  const file = unit?.file ?? own;
  const unitPlaces = unit === undefined ? [] : [unit.flags, unit.environment];
  const places = [flags.settings, environment.settings, ...unitPlaces, file.settings];
  const { values, origins } = merge(places);
  const readFile = (path: string): string => sources.readFile(path);
  const webhooks = isCommand
    ? []
    : readWebhooks(values.webhookUrls ?? [], values, file.webhooks, readFile);
  const needsBgp = !isCommand || flags.words[0] === 'bgp';
  const bgp = needsBgp && file.bgp !== undefined ? readBgpTable(file.bgp) : undefined;
  const needsFleet = !isCommand || flags.words[0] === 'fleet';
  const fleetAddress = needsFleet ? readFleet(values, origins, readFile) : undefined;
  const config = completeConfig(values, sources, { webhooks, bgp, fleetAddress });
  const warnings = [...environment.warnings, ...own.warnings, ...(unit?.warnings ?? [])];
  const secrets = secretsIn(flags.settings);
  if (isCommand) {
    const { words, commandFlags } = flags;
    return { kind: 'command', words, flags: commandFlags, config, origins, warnings, secrets };
  }
  refuseContradictions(config, origins);
  refuseUnknownPersona(config, origins, sources.personaNames);
  refuseMissingDirectories(config, origins, sources);
  refuseSharedFiles(config, origins, (path) => sources.realPath(path));
  refuseSharedPorts(config, origins);
  return {
    kind: 'run',
    config,
    origins,
    warnings: [...warnings, ...idleFlags(config, origins), ...disarmingSettings(config, origins)],
    secrets,
  };
}

function secretsIn(flags: Settings): readonly string[] {
  return OPTION_ENTRIES.filter(([, { type }]) => type.isSecret === true).flatMap(([key]) => {
    const text = flags.get(key)?.text;
    return text === undefined ? [] : [text, ...text.split(',')];
  });
}

interface LoadedFile extends ParsedFile {
  readonly warnings: readonly string[];
}

/**
 * The file that was named, which must exist, or else the first usual one that can be read.
 *
 * @param places Strongest first.
 */
function loadFile(
  sources: ConfigSources,
  places: readonly Settings[],
  homeDirectory: string | undefined,
): LoadedFile {
  const nothing = { settings: new Map(), webhooks: [], bgp: undefined, warnings: [] };
  const named = strongest(places, 'configFile');
  const path =
    named === undefined ? usualFile(homeDirectory) : readSetting(OPTIONS.configFile, named);
  if (path === undefined) return nothing;
  try {
    return { ...parseConfigFile(path, sources.readFile(path)), warnings: [] };
  } catch (cause) {
    if (isRefusal(cause)) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (named === undefined) {
      if (missing) return nothing;
      const warning = `the usual configuration file ${quoted(path)} cannot be read (${fileTrouble(cause)}) and is left out`;
      return { ...nothing, warnings: [warning] };
    }
    throw refusal(
      missing
        ? `${named.origin.text}: there is no file ${quoted(path)}`
        : `${named.origin.text}: ${quoted(path)} cannot be read (${fileTrouble(cause)}): it must be a text file that this user may read`,
      { cause },
    );
  }
}

function usualFile(homeDirectory: string | undefined): string | undefined {
  return homeDirectory === undefined
    ? undefined
    : join(homeDirectory, '.config', 'sentrypeer', 'default-config.toml');
}

/** The daemon's own settings on this machine, for a command that was given none. */
interface DaemonSettings {
  readonly flags: Settings;
  readonly environment: Settings;
  readonly file: ParsedFile;
  readonly warnings: readonly string[];
}

/** `undefined` if the operator named a database or a file, or systemd starts no daemon here. */
function daemonSettings(
  sources: ConfigSources,
  places: readonly Settings[],
): DaemonSettings | undefined {
  const isNamed = (['dbFile', 'configFile'] as const).some((key) =>
    places.some((place) => place.has(key)),
  );
  const unit = isNamed ? undefined : readServiceUnit(sources);
  if (unit === undefined) return undefined;
  const at = (settings: Settings): Settings => inUnit(settings, unit);
  const environment = at(parseEnvironment(unit.env).settings);
  const told = at(flagsOf(unit));
  const file = loadFile(sources, [told, environment], unit.homeDirectory);
  const here = OPTIONS.dbFile.defaultValue;
  const dbFile =
    strongest([told, environment], 'dbFile') ??
    at(
      new Map([['dbFile', file.settings.get('dbFile') ?? { text: here, origin: UNIT_DEFAULT }]]),
    ).get('dbFile');
  const flags = dbFile === undefined ? told : new Map([...told, ['dbFile', dbFile] as const]);
  const isElsewhere = sources.fileExists(here);
  const warning = `the database is ${quoted(dbFile?.text ?? '')}, as ${unit.path} says, and not ${here} of this directory: -f FILE names one`;
  return {
    flags,
    environment,
    file: { ...file, settings: fromDirectory(file.settings, unit.workingDirectory) },
    warnings: isElsewhere ? [warning] : [],
  };
}

/** The operator did not write these flags here, so a refusal names the unit. */
function flagsOf({ argv, path }: ServiceUnit): Settings {
  try {
    return parseFlags(argv).settings;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw refusal(`${path}: ${error.message}`, { cause: error });
  }
}

const UNIT_DEFAULT = { kind: 'default', text: 'the default of --db-file' } as const;

function inUnit(settings: Settings, { path, workingDirectory }: ServiceUnit): Settings {
  return new Map(
    [...fromDirectory(settings, workingDirectory)].map(([key, { text, origin }]) => [
      key,
      { text, origin: { ...origin, text: `${origin.text} in ${path}` } },
    ]),
  );
}

/** As the daemon understands it: relative paths start at its working directory. */
function fromDirectory(settings: Settings, directory: string): Settings {
  return new Map(
    [...settings].map(([key, setting]) => {
      const { text } = setting;
      const isRelative = PATH_KEYS.has(key) && !isAbsolute(text) && !NO_PATHS.has(text);
      return [key, isRelative ? { ...setting, text: join(directory, text) } : setting];
    }),
  );
}

const PATH_KEYS: ReadonlySet<ConfigKey> = new Set(
  OPTION_ENTRIES.filter(([, { type }]) => type.placeholder === pathType.placeholder).map(
    ([key]) => key,
  ),
);
/** What options for files take in addition to paths; an empty one is refused later. */
const NO_PATHS: ReadonlySet<string> = new Set([STANDARD_OUTPUT_FILE, 'built-in', 'none', '']);

/** @param places Strongest first. */
function merge(places: readonly Settings[]): {
  readonly values: OptionValues;
  readonly origins: ConfigOrigins;
} {
  const values: Partial<Record<ConfigKey, unknown>> = {};
  const origins: Partial<Record<ConfigKey, Origin>> = {};
  for (const [key, option] of OPTION_ENTRIES) {
    const setting = strongest(places, key);
    values[key] = setting === undefined ? option.defaultValue : readSetting(option, setting);
    origins[key] = setting?.origin ?? { kind: 'default', text: `--${option.long}` };
  }
  // Every key of the table has been set, to a value that its own type read.
  return { values: values as OptionValues, origins: origins as ConfigOrigins };
}

/** The setting of the strongest place; or `on`, if a stronger place sets an option that implies this one. */
function strongest(places: readonly Settings[], key: ConfigKey): Setting | undefined {
  const implying = OPTION_ENTRIES.filter(
    ([, option]) => option.implies !== undefined && keyOfLong(option.implies) === key,
  );
  for (const place of places) {
    const setting = place.get(key);
    if (setting !== undefined) return setting;
    for (const [other, option] of implying) {
      const cause = place.get(other);
      if (cause !== undefined && impliesOn(option, cause)) {
        return { text: 'on', origin: cause.origin };
      }
    }
  }
  return undefined;
}

/** A switch that is off implies nothing; any other value does. */
function impliesOn(option: Option<unknown>, cause: Setting): boolean {
  return readSetting(option, cause) !== false;
}
