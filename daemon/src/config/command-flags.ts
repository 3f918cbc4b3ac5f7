// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A flag of commands only: neither a variable nor a key of the configuration file. */
export interface CommandFlag {
  /** Stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly doc: string;
}

/** By long name, without the two hyphens. A command names the flags that it takes in its own entry. */
export const COMMAND_FLAGS = {
  lines: { placeholder: 'COUNT', doc: 'Begin with this many of the newest (10).' },
  once: { placeholder: '', doc: 'Print these and end, without waiting for more.' },
  address: { placeholder: 'ADDRESS|NETWORK', doc: 'Only events from this address or network.' },
  number: {
    placeholder: 'NUMBER',
    doc: 'Only calls of this number, in whatever form it was dialled.',
  },
  method: { placeholder: 'METHOD', doc: 'Only events of this SIP method.' },
  transport: { placeholder: 'UDP|TCP|TLS', doc: 'Only events over this transport.' },
  grade: {
    placeholder: 'GRADE',
    doc: 'Only events of this grade or a better one: seen, returned, handshake.',
  },
  agent: { placeholder: 'TEXT', doc: 'Only events whose User-Agent contains this.' },
  count: { placeholder: 'COUNT', doc: 'Print this many rows.' },
  since: {
    placeholder: 'TIME',
    doc: 'From this time until now, such as 24h, 7d, 2027-01-31 or always.',
  },
  by: {
    placeholder: 'ORDER',
    doc: 'In this order: time, most recently seen first; or record, most often right first.',
  },
  yes: {
    placeholder: '',
    doc: 'Do it without asking, even something like allowing half of the Internet.',
  },
  comment: {
    placeholder: 'TEXT',
    doc: 'The comment, if its words could be mistaken for something else.',
  },
  fast: { placeholder: '', doc: 'Leave out the pauses for reading.' },
  'dry-run': {
    placeholder: '',
    doc: 'Change nothing: print what would be done. Needs no privilege; with `--once` it ends after the first time.',
  },
  'confirm-within': {
    placeholder: 'TIME',
    doc: 'Take everything out again after this time, such as 5m, unless `sentrypeer firewall confirm` is run before.',
  },
  json: { placeholder: '', doc: 'Print the answer as JSON, for programs.' },
} as const satisfies Readonly<Record<string, CommandFlag>>;

export type CommandFlagName = keyof typeof COMMAND_FLAGS;

/** The table as pairs; TypeScript widens the keys of an object to text. */
export const COMMAND_FLAG_ENTRIES = Object.entries(COMMAND_FLAGS) as readonly (readonly [
  CommandFlagName,
  CommandFlag,
])[];
