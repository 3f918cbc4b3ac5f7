// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { LoadedConfig } from '../config/load-config.ts';
import type { Clock, Logger } from '@sentrypeer/kernel';
import type { CommandFlagName } from '../config/command-flags.ts';
import type { Stage } from '../demo/stage.ts';
import type { Paint } from '../output/paint.ts';
import type { Config, ConfigOrigins } from '../config/config.ts';

/** What JSON can hold. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a command found out or did. */
export interface Answer {
  /** For a person, on standard output; whole lines. A secret stands there alone. */
  readonly text: string;
  /** The same for a program: what `--json` prints instead. */
  readonly json: Json;
  /** Said beside it, on standard error: one or more whole lines. Not said with `--json`. */
  readonly remark?: string;
  /** Whether what was found out is bad, so that the program ends with status 1. */
  readonly isBad?: boolean;
}

/** What a command runs in. */
export interface CommandContext {
  /** That of the daemon, as far as it can be found. */
  readonly config: Config;
  /** Where each value of it came from. */
  readonly origins: ConfigOrigins;
  readonly clock: Clock;
  readonly logger: Logger;
  /** To standard output, for a command that prints while it works. */
  readonly print: (text: string) => void;
  /** For standard output. */
  readonly paint: Paint;
  /** Ctrl-C. */
  readonly stopped: AbortSignal;
  /** Of the demo, whose commands know addresses as its daemon does. @default none */
  readonly stage?: Stage;
  /** What was ignored in it; said already. */
  readonly warnings: readonly string[];
  /** Reads the configuration as the daemon would at its start; refuses what it would refuse. */
  readonly loadAsDaemon: () => LoadedConfig;
}

/**
 * What was asked for, all of it read; nothing has been opened yet. `undefined` where it has printed all there is
 * while it worked. Throws `OperatingError`.
 */
export type Work = (context: CommandContext) => Promise<Answer | undefined>;

/** What follows the name of the command on the command line. */
export interface CommandLine {
  /** What follows the name. */
  readonly words: readonly string[];
  /** The flags of commands that were given, by name; a switch has an empty text. */
  readonly flags: ReadonlyMap<CommandFlagName, string>;
}

/** One command: what help, man page, docs and completion say of it, and what it does. */
export interface Command {
  /** One word or two: `backup`, `allow add`. */
  readonly name: string;
  /** What follows the name: `WHAT [TIME] [COMMENT]`. */
  readonly form: string;
  /** A few lines; text between backticks is literal. */
  readonly doc: string;
  /** Flags that it takes in addition to `--json`, which every command takes. */
  readonly flags?: readonly CommandFlagName[];
  /**
   * What must be there: a database of this version, one of any version (4.x too), or none.
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
