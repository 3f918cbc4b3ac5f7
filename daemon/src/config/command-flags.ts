// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A flag that only commands have: neither a variable nor a key of the configuration file. */
export interface CommandFlag {
  /** Stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly doc: string;
}

/** By long name, without the two hyphens. A command names those it takes in its own table. */
export const COMMAND_FLAGS = {
  yes: {
    placeholder: '',
    doc: 'Do what would be asked about, such as allowing half of the Internet.',
  },
  comment: {
    placeholder: 'TEXT',
    doc: 'What it is for, where the words themselves could be mistaken.',
  },
  json: { placeholder: '', doc: 'Print the answer as JSON, for programs.' },
} as const satisfies Readonly<Record<string, CommandFlag>>;

export type CommandFlagName = keyof typeof COMMAND_FLAGS;

/** The table as pairs; TypeScript widens the keys of an object to text. */
export const COMMAND_FLAG_ENTRIES = Object.entries(COMMAND_FLAGS) as readonly (readonly [
  CommandFlagName,
  CommandFlag,
])[];
