// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the help, the man page and docs/options.md say in addition to the table. Text between backticks is literal. */

export const SYNOPSIS = ['[OPTION]...', '[OPTION]... COMMAND'] as const;

export const SUMMARY = 'SIP honeypot that records who tried to call what';

export const DESCRIPTION: readonly string[] = [
  'SentryPeer listens for SIP on UDP, TCP and TLS, records every message with its source address and the number that was called in an SQLite database, and serves what it collected over HTTP. With `--responsive` it answers as a PBX would, so that attackers show what they want.',
];

export const RULES: readonly string[] = [
  'Every option can be given as a flag, as an environment variable or as a key of the configuration file. The flag is stronger than the variable, the variable than the file, the file than the default.',
  'A switch is on as `--api` and off as `--api=off`. As a variable it is on with `1`, `true`, `yes` or `on`, off with `0`, `false`, `no`, `off` or an empty value, and refused with anything else. In the file it is `true` or `false`.',
  'Letters combine: `-dras`. A value may follow its letter with or without a blank, and its name with a blank or an equals sign: `-f FILE`, `--db-file=FILE`. A double hyphen ends the options.',
  'Where several values are possible, a flag is repeated, a variable has them separated by commas, and the file has an array.',
  'Paths that are not absolute start at the working directory.',
  'Unknown or contradictory options are refused at start, with one line that says what would be right. Unknown variables that begin with `SENTRYPEER_` are named in a warning and ignored.',
  'Kubernetes gives containers variables for each service in the namespace: next to a service named `sentrypeer-api` set `enableServiceLinks: false`, or `SENTRYPEER_API_PORT` arrives with an address in it.',
];

export const CONFIG_FILE: readonly string[] = [
  'The file is TOML; every key is at the top level, except those of a `[[webhook]]` (docs/webhook.md) and of `[bgp]` (below). Without `--config-file` it is `~/.config/sentrypeer/default-config.toml` where that exists; a file that was named must exist. An unknown key is refused.',
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
    'Stop in order, within two seconds; a second one, 0.3 s later or more, stops at once.',
  ],
  ['SIGHUP', 'Open the JSON log anew, after it was rotated.'],
];

export const EXIT_STATUSES: readonly (readonly [status: string, doc: string])[] = [
  ['0', 'Stopped by a signal, or did what was asked.'],
  ['1', 'Could not start or go on: a port is taken, the database is not ours.'],
  ['2', 'An option was unknown, wrong or contradictory.'],
];

export const EXAMPLES: readonly (readonly [command: string, doc: string])[] = [
  ['sentrypeer -ra', 'Answer SIP and serve the data on `http://127.0.0.1:8082/`.'],
  ['sentrypeer -dras', 'The same with a syslog line for every event and all there is to see.'],
  [
    'sentrypeer -f /var/lib/sentrypeer/sentrypeer.db backup /backup/sentrypeer.db',
    'Copy the database.',
  ],
];
