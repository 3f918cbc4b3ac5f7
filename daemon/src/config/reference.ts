// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the help, the man page and docs/options.md say in addition to the table. Text between backticks is literal. */

export const SYNOPSIS = ['[OPTION]...', '[OPTION]... COMMAND'] as const;

export const SUMMARY = 'SIP honeypot that records who tried to call what';

export const DESCRIPTION: readonly string[] = [
  'SentryPeer listens for SIP on UDP, TCP and TLS, records every message with its source address and the number that was called in an SQLite database, and serves what it collected over HTTP. With `--responsive` it answers as a PBX would, so that attackers show what they want.',
];

export const RULES: readonly string[] = [
  'Every option can be given as a flag, as an environment variable or as a key of the configuration file. A flag overrides the variable, the variable overrides the file, and the file overrides the default.',
  '`--api` turns a switch on, and `--api=off` turns it off. As a variable it is on with `1`, `true`, `yes` or `on`, off with `0`, `false`, `no`, `off` or an empty value, and refused with anything else. In the file it is `true` or `false`.',
  'Letters combine: `-dras`. A value may follow its letter with or without a space, and its name after a space or an equals sign: `-f FILE`, `--db-file=FILE`. A double hyphen ends the options.',
  'To give several values, repeat the flag, separate them by commas in the variable, or write an array in the file.',
  'Relative paths start at the working directory.',
  'Unknown or contradictory options are refused at start, with one line that says what would be right. Unknown variables that begin with `SENTRYPEER_` are named in a warning and ignored.',
  'Kubernetes gives containers variables for each service in the namespace: next to a service named `sentrypeer-api` set `enableServiceLinks: false`, or `SENTRYPEER_API_PORT` arrives with an address in it.',
];

export const CONFIG_FILE: readonly string[] = [
  'The file is TOML; every key is at the top level, except those of a `[[webhook]]` (docs/webhook.md) and of `[bgp]` (below). Without `--config-file` it is `~/.config/sentrypeer/default-config.toml` if that exists; a file that you name must exist. An unknown key is refused.',
];

export const CONFIG_FILE_EXAMPLE: readonly string[] = [
  'responsive = true',
  'api = true',
  'db_file = "/var/lib/sentrypeer/sentrypeer.db"',
  'tls_listen_address = ["0.0.0.0:5061", "[::]:5061"]',
  'db_size_max = "1GiB"',
];

export const SIGNALS: readonly (readonly [name: string, doc: string])[] = [
  [
    'SIGINT, SIGTERM',
    'Stop cleanly, within two seconds; a second one, at least 0.3 s later, stops at once.',
  ],
  ['SIGHUP', 'Reopen the JSON log, after it was rotated.'],
];

export const EXIT_STATUSES: readonly (readonly [status: string, doc: string])[] = [
  ['0', 'Stopped by a signal, or did what was asked.'],
  [
    '1',
    'Could not start or continue, for example because a port is taken or the file is not a database of ours.',
  ],
  ['2', 'An option was unknown, wrong or contradictory.'],
];

export const EXAMPLES: readonly (readonly [command: string, doc: string])[] = [
  ['sentrypeer -ra', 'Answer SIP and serve the data on `http://127.0.0.1:8082/`.'],
  ['sentrypeer -dras', 'The same with a syslog line for every event and all details.'],
  [
    'sentrypeer -f /var/lib/sentrypeer/sentrypeer.db backup /backup/sentrypeer.db',
    'Copy the database.',
  ],
];
