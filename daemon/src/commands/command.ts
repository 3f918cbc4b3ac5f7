// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { LoadedConfig } from '../config/load-config.ts';
import type { Clock, Logger } from '@sentrypeer/kernel';
import type { CommandFlagName } from '../config/command-flags.ts';
import type { Stage } from '../demo/stage.ts';
import type { Paint } from '../output/paint.ts';
import type { Config, ConfigOrigins } from '../config/config.ts';

/** Any JSON value. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a command found out or did. */
export interface Answer {
  /** For a person, on standard output; whole lines. A secret is printed without anything else. */
  readonly text: string;
  /** The same for a program: what `--json` prints instead. */
  readonly json: Json;
  /** Printed on standard error in addition, as one or more whole lines; not with `--json`. */
  readonly remark?: string;
  /** Whether the finding is bad, so that the program ends with status 1. */
  readonly isBad?: boolean;
  /**
   * Set if `text` and `json` contain a secret that is shown only here. Called if it could not be printed: takes back what
   * was made, and says so; or says what was made, and how to remove it.
   */
  readonly takeBack?: () => Promise<string>;
}

/** The environment in which a command runs. */
export interface CommandContext {
  /** The daemon's configuration, as far as it can be found. */
  readonly config: Config;
  /** Where each value of it came from. */
  readonly origins: ConfigOrigins;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Prints to standard output, for a command that prints while it works. */
  readonly print: (text: string) => void;
  /** Colours for standard output. */
  readonly paint: Paint;
  /** Aborted by Ctrl-C. */
  readonly stopped: AbortSignal;
  /** Set in the demo, whose commands see the same addresses as its daemon. @default none */
  readonly stage?: Stage;
  /** What was ignored in the configuration; already printed. */
  readonly warnings: readonly string[];
  /** Reads the configuration as the daemon would at its start; refuses what the daemon would refuse. */
  readonly loadAsDaemon: () => LoadedConfig;
}

/**
 * A command whose command line has been read; nothing has been opened yet. `undefined` if it printed everything while
 * it worked. Throws `OperatingError`.
 */
export type Work = (context: CommandContext) => Promise<Answer | undefined>;

/** The part of the command line after the name of the command. */
export interface CommandLine {
  /** The words after the name. */
  readonly words: readonly string[];
  /** The command flags that were given, by name; a switch has an empty text. */
  readonly flags: ReadonlyMap<CommandFlagName, string>;
}

/** One command: what help, man page, docs and completion say about it, and what it does. */
export interface Command {
  /** One word or two: `backup`, `allow add`. */
  readonly name: string;
  /** The arguments after the name: `WHAT [TIME] [COMMENT]`. */
  readonly form: string;
  /**
   * Whether the first of two words alone means this command.
   *
   * @default false
   */
  readonly isMeantAlone?: boolean;
  /** A few lines; text between backticks is literal. */
  readonly doc: string;
  /**
   * Set if the command prints lines for people as it runs, and takes no `--json`: what to write instead.
   *
   * @default it takes it
   */
  readonly insteadOfJson?: string;
  /** Flags in addition to `--json`. */
  readonly flags?: readonly CommandFlagName[];
  /**
   * Which database must exist: one of this version, one of any version (including 4.x), or none.
   *
   * @default 'current'
   */
  readonly database?: 'current' | 'any' | 'none';
  /** Examples without the name of the program, each with what it does. */
  readonly examples?: readonly (readonly [words: string, doc: string])[];
  /** Reads the rest of the command line; throws a refusal that says what would be right. */
  readonly prepare: (line: CommandLine) => Work;
}

/** `allow add WHAT [TIME] [COMMENT]`. */
export function usageOf({ name, form }: Pick<Command, 'name' | 'form'>): string {
  return form === '' ? name : `${name} ${form}`;
}
