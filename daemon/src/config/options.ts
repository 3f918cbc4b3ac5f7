// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  CONNECTIONS_COUNT_MAX,
  DB_SIZE_OCTETS_MIN,
  FOLD_WINDOW_SECONDS_MAX,
  JSON_LOG_FILES_MAX,
  JSON_LOG_SIZE_OCTETS_MIN,
  REPLIES_COUNT_MAX,
  RETENTION_DAYS_MAX,
  THREADS_MAX,
} from '../limits.ts';
import { AGENT_OPTIONS } from './agent-options.ts';
import { API_OPTIONS } from './api-options.ts';
import { BGP_OPTIONS } from './bgp-options.ts';
import { derivedOption, option } from './option.ts';
import { FIREWALL_OPTIONS } from './firewall-options.ts';
import { FLEET_OPTIONS } from './fleet-options.ts';
import { POOL_OPTIONS } from './pool-options.ts';
import { VERDICT_OPTIONS } from './verdict-options.ts';
import {
  addressesType,
  countType,
  databasePathType,
  listenAddressesType,
  outputPathType,
  pathType,
  personaType,
  portType,
  sizeType,
  switchType,
  syslogTargetType,
} from './value-types.ts';
import { choiceType, textType, urlType } from './webhook-types.ts';
import { WEBHOOK_OPTIONS } from './webhook-options.ts';

/*
 * The one table of options. Flags, environment variables, keys of the configuration file, the help, the
 * man page and docs/options.md all come from it; run `npm run docs` after a change.
 */
export const OPTIONS = {
  responsive: option({
    group: 'sip',
    long: 'responsive',
    short: 'r',
    environment: 'SENTRYPEER_SIP_RESPONSIVE',
    type: switchType,
    defaultValue: false,
    doc: 'Answer SIP requests as a PBX would. Without it nothing is sent; requests are only recorded.',
  }),
  noSip: option({
    group: 'sip',
    long: 'no-sip',
    short: 'R',
    environment: 'SENTRYPEER_SIP_DISABLE',
    type: switchType,
    defaultValue: false,
    doc: 'Open no SIP port: only serve what is in the database (with `--api`), or only link other nodes (with `--peer-to-peer`).',
  }),
  sipPort: option({
    group: 'sip',
    long: 'sip-port',
    type: portType,
    defaultValue: 5060,
    doc: 'Port for SIP over UDP and TCP.',
  }),
  sipAddresses: option({
    group: 'sip',
    long: 'sip-address',
    type: addressesType,
    defaultValue: 'all',
    doc: 'Local address to listen on for SIP; all follows addresses as they come and go.',
  }),
  persona: option({
    group: 'sip',
    long: 'persona',
    type: personaType,
    defaultValue: 'auto',
    needs: 'responsive',
    doc: 'The PBX to look like; auto chooses one at first start and stays with it.',
  }),
  replyRatePerSecond: option({
    group: 'sip',
    long: 'reply-rate',
    type: countType('COUNT', 1, REPLIES_COUNT_MAX),
    unit: 'replies per second',
    defaultValue: 20,
    needs: 'responsive',
    doc: 'Replies that one source address (IPv6: one /64) gets per second on average; requests beyond that are recorded but not answered.',
  }),
  replyBurstCount: option({
    group: 'sip',
    long: 'reply-burst',
    type: countType('COUNT', 1, REPLIES_COUNT_MAX),
    unit: 'replies',
    defaultValue: 200,
    needs: 'responsive',
    doc: 'Replies that one source address (IPv6: one /64) may get at once, before --reply-rate applies.',
  }),
  replyOctetsPerSecond: option({
    group: 'sip',
    long: 'reply-bandwidth',
    type: sizeType(1000),
    unit: 'octets per second',
    defaultValue: 1_048_576,
    needs: 'responsive',
    doc: 'Octets of replies to all sources together; 0 sets no limit.',
  }),
  connectionsMax: option({
    group: 'sip',
    long: 'max-connections',
    type: countType('COUNT', 1, CONNECTIONS_COUNT_MAX),
    unit: 'connections',
    defaultValue: 2000,
    doc: 'TCP and TLS connections in total; for more, the one without a message for the longest time is closed.',
  }),
  connectionsPerSourceMax: option({
    group: 'sip',
    long: 'max-connections-per-source',
    type: countType('COUNT', 1, CONNECTIONS_COUNT_MAX),
    unit: 'connections',
    defaultValue: 50,
    doc: 'TCP and TLS connections from one source address (IPv6: one /64).',
  }),

  noTls: option({
    group: 'tls',
    long: 'no-tls',
    short: 'N',
    environment: 'SENTRYPEER_TLS_DISABLE',
    type: switchType,
    defaultValue: false,
    doc: 'Open no port for SIP over TLS.',
  }),
  tlsListenAddresses: derivedOption({
    group: 'tls',
    long: 'tls-listen-address',
    short: 'z',
    type: listenAddressesType,
    defaultText: '0.0.0.0:5061 and [::]:5061; with --sip-address port 5061 of each',
    doc: 'Address and port for SIP over TLS.',
  }),
  certFile: derivedOption({
    group: 'tls',
    long: 'cert',
    short: 't',
    type: pathType,
    defaultText: 'cert.pem next to the database',
    doc: 'Certificate for TLS (PEM); a self-signed one is made if certificate and key are both missing.',
  }),
  keyFile: derivedOption({
    group: 'tls',
    long: 'key',
    short: 'k',
    type: pathType,
    defaultText: 'key.pem next to the database',
    doc: 'Private key of the certificate (PEM).',
  }),

  ...AGENT_OPTIONS,

  dbFile: option({
    group: 'database',
    long: 'db-file',
    short: 'f',
    type: databasePathType,
    defaultValue: './sentrypeer.db',
    doc: 'SQLite database, made if it is missing; its directory must exist.',
  }),
  identityFile: derivedOption({
    group: 'database',
    long: 'identity-file',
    type: pathType,
    defaultText: 'sentrypeer-identity.json next to the database',
    doc: 'Private key and id of this node, made at first start. Keep it, and keep it secret.',
  }),
  groupReadable: option({
    group: 'database',
    long: 'group-readable',
    type: switchType,
    defaultValue: false,
    doc: 'Let the group read new files (database, backups, JSON log; mode 0640). Without it only their owner may (0600), because they hold credentials.',
  }),
  foldWindowSeconds: option({
    group: 'database',
    long: 'fold-window',
    type: countType('SECONDS', 0, FOLD_WINDOW_SECONDS_MAX),
    unit: 'seconds',
    defaultValue: 60,
    doc: 'Equal messages from one source within this time become one row with a count; 0 gives each its own row.',
  }),
  retentionDays: option({
    group: 'database',
    long: 'retention-days',
    type: countType('DAYS', 0, RETENTION_DAYS_MAX),
    unit: 'days',
    defaultValue: 0,
    doc: 'Events older than this are removed; 0 removes none because of age.',
  }),
  analytics: option({
    group: 'database',
    long: 'analytics',
    type: switchType,
    defaultValue: false,
    doc: 'Keep the hourly sums behind graphs for a year instead of a month: messages by method, transport, grade, tool, country, network and range of numbers, without addresses. Nothing is sent anywhere.',
  }),
  analyticsSummary: derivedOption({
    group: 'database',
    long: 'analytics-summary',
    type: urlType,
    defaultText: 'nothing is sent',
    needs: 'analytics',
    doc: 'Post a summary of each day once to this address of yours; `sentrypeer analytics preview` prints it. Only with --analytics-seen.',
  }),
  analyticsSeen: derivedOption({
    group: 'database',
    long: 'analytics-seen',
    type: textType,
    defaultText: 'none',
    needs: 'analytics',
    doc: 'The code that `sentrypeer analytics preview` prints: it confirms that you saw what is sent to that address, in this form.',
  }),
  dbSizeMaxOctets: option({
    group: 'database',
    long: 'db-size-max',
    type: sizeType(DB_SIZE_OCTETS_MIN),
    unit: 'octets',
    defaultValue: 2 ** 30,
    doc: 'The oldest events are removed when the database reaches this size; 0 sets no limit.',
  }),
  dbFreeMinOctets: option({
    group: 'database',
    long: 'db-free-min',
    type: sizeType(0),
    unit: 'octets',
    defaultValue: 256 * 2 ** 20,
    doc: 'Free space to leave on the disk: database and JSON log stop growing when only this much is left; 0 uses all.',
  }),

  ...API_OPTIONS,

  ...VERDICT_OPTIONS,
  ...FIREWALL_OPTIONS,
  ...BGP_OPTIONS,
  ...POOL_OPTIONS,
  ...FLEET_OPTIONS,

  jsonLog: option({
    group: 'output',
    long: 'json-log',
    short: 'j',
    type: switchType,
    defaultValue: false,
    doc: 'Write every event as a line of JSON to a file.',
  }),
  jsonLogFile: option({
    group: 'output',
    long: 'json-log-file',
    short: 'l',
    type: outputPathType,
    defaultValue: './sentrypeer_json.log',
    implies: 'json-log',
    doc: 'File for --json-log; its directory must exist. - is standard output, for containers.',
  }),
  jsonLogSizeMaxOctets: option({
    group: 'output',
    long: 'json-log-size-max',
    type: sizeType(JSON_LOG_SIZE_OCTETS_MIN),
    unit: 'octets',
    defaultValue: 0,
    doc: 'The JSON log is renamed (to .1, .2 …) when it reaches this size; 0 leaves that to logrotate.',
  }),
  jsonLogFilesCount: option({
    group: 'output',
    long: 'json-log-files',
    type: countType('COUNT', 1, JSON_LOG_FILES_MAX),
    unit: 'files',
    defaultValue: 5,
    doc: 'Renamed JSON logs to keep with --json-log-size-max; the oldest is removed.',
  }),
  syslog: option({
    group: 'output',
    long: 'syslog',
    short: 's',
    type: switchType,
    defaultValue: false,
    doc: 'Write a line to syslog for every event, in a form that fail2ban can read.',
  }),
  syslogTarget: option({
    group: 'output',
    long: 'syslog-target',
    type: syslogTargetType,
    defaultValue: { kind: 'local' },
    implies: 'syslog',
    doc: 'Where syslog lines go: this machine (through the logger command) or over the network, with local time and its offset (TZ in a container).',
  }),
  syslogGrade: option({
    group: 'output',
    long: 'syslog-grade',
    type: choiceType<'seen' | 'returned' | 'handshake'>(['seen', 'returned', 'handshake']),
    defaultValue: 'seen',
    doc: 'Lines for events of this grade or a better one (docs/architecture.md). Choose returned if fail2ban bans by them: over UDP anybody can forge the source.',
  }),
  verbose: option({
    group: 'output',
    long: 'verbose',
    short: 'v',
    type: switchType,
    defaultValue: false,
    doc: 'Print what happens, and a line for every event, to standard error.',
  }),
  debug: option({
    group: 'output',
    long: 'debug',
    short: 'd',
    type: switchType,
    defaultValue: false,
    implies: 'verbose',
    doc: 'Print more, for finding faults, and all details of every event.',
  }),

  color: option({
    group: 'output',
    long: 'color',
    type: choiceType<'auto' | 'always' | 'never'>(['auto', 'always', 'never']),
    defaultValue: 'auto',
    doc: 'Use colour in output for people: auto does so on a terminal, unless NO_COLOR is set.',
  }),

  ...WEBHOOK_OPTIONS,

  profile: option({
    group: 'program',
    long: 'profile',
    type: choiceType<'default' | 'small'>(['default', 'small']),
    defaultValue: 'default',
    doc: 'small is for small devices: one thread, no countries, and as little memory as Node.js can run in.',
  }),
  threads: derivedOption({
    group: 'program',
    long: 'threads',
    type: countType('COUNT', 1, THREADS_MAX),
    unit: 'threads',
    defaultText: 'the number of cores; 1 with --profile small',
    doc: 'Threads: one stores, the others receive SIP; 1 does everything on one thread, for small devices.',
  }),
  configFile: derivedOption({
    group: 'program',
    long: 'config-file',
    short: 'g',
    inFile: false,
    type: pathType,
    defaultText: '~/.config/sentrypeer/default-config.toml, where it exists',
    doc: 'Configuration file (TOML).',
  }),
} as const;

/** Flags that print something and end the program. */
export const PRINT_FLAGS = {
  help: { long: 'help', short: 'h', doc: 'Print this help.' },
  version: { long: 'version', short: 'V', doc: 'Print the version.' },
  licences: {
    long: 'licences',
    short: undefined,
    doc: 'Print the version, and the software of others that is inside with its licences.',
  },
} as const;
