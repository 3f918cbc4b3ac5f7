// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readSmallFile, syncDirectory } from '@sentrypeer/bytes/file';
import { NAMED_FILE_OCTETS_MAX } from '../config/limits.ts';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import type { Config } from '../config/config.ts';
import { parseConfigFile } from '../config/config-file.ts';
import { formatHostPort, poolPeersType, type PoolPeer } from '../config/pool-types.ts';
import { quoted, refusal } from '../config/refusal.ts';
import { poolNetworkOf } from '../services/pool/pool-key.ts';
import type { Answer, Command, CommandContext } from './command.ts';
import { neededFile } from './words.ts';

const FORM = 'pool join FILE [HOST[:PORT][=KEY]]...';
const OTHERS_MAY_READ = 0o077;
/** Mode of a configuration file that this command creates. */
const NEW_FILE_MODE = 0o640;
const NOTHING = new Uint8Array();
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export const JOIN: Command = {
  name: 'pool join',
  form: 'FILE [HOST[:PORT][=KEY]]...',
  doc: 'Let this node take part in the closed pool whose key is in FILE: writes `peer_to_peer`, `pool_key` and, for each HOST that this node should keep a link with, `pool_peer` into the configuration file (`-g`, or the usual one, which it makes if needed). Checks everything first, and changes nothing else there. Restart the daemon afterwards.',
  database: 'none',
  examples: [
    [
      '-g /etc/sentrypeer.toml pool join /etc/sentrypeer/pool.key hub.example.org',
      'On each node, after the file was copied there in a safe way.',
    ],
  ],
  prepare: ({ words: [file, ...hosts] }) => {
    const keyFile = resolve(neededFile(file, FORM));
    const peers = hosts.flatMap((text) => {
      const parsed = text === '' ? undefined : poolPeersType.parse(text);
      if (parsed !== undefined) return parsed;
      throw refusal(`${quoted(text)} is not a node of the pool: write ${poolPeersType.wanted}`);
    });
    return (context) => joinPool(context, keyFile, peers);
  },
};

async function joinPool(
  context: CommandContext,
  keyFile: string,
  peers: readonly PoolPeer[],
): Promise<Answer> {
  await poolNetworkOf({ poolKeyFile: keyFile, dhtNetwork: 0 }); // Refuses a file without a key.
  const path = await configPath(context.config);
  const before = octetsOf(path);
  const lines = missingLines(path, textOf(before ?? NOTHING), keyFile, peers);
  if (lines.length > 0) {
    const after = withLines(
      before,
      `# A closed pool, by sentrypeer pool join.\n${lines.join('\n')}\n\n`,
    );
    parseConfigFile(path, textOf(after)); // Throws before anything is written.
    await replace(path, before, after);
    await refuseContradiction(context, path, before, after);
  }
  const isOpen = ((await stat(keyFile)).mode & OTHERS_MAY_READ) !== 0;
  const remarks = [
    ...strongerRemarks(context, keyFile),
    ...(isOpen
      ? [
          `Users other than its owner may read ${quoted(keyFile)}: run chmod 600 on it, because anybody with the key can join the pool.`,
        ]
      : []),
  ];
  return {
    text:
      lines.length === 0
        ? `${path} has this node in the pool already.\n`
        : `${path} has this node in the pool now:\n${lines.map((line) => `  ${line}\n`).join('')}Restart the daemon; its user must be able to read the key. Then peers list shows the others, and peers trust gives them a vote.\n`,
    json: { config_file: path, pool_key: keyFile, added: lines },
    ...(remarks.length > 0 && { remark: remarks.map((line) => `${line}\n`).join('') }),
  };
}

/** The target behind symbolic links, so that these stay links. */
async function configPath({ configFile }: Pick<Config, 'configFile'>): Promise<string> {
  const path = resolve(
    configFile ?? join(homedir(), '.config', 'sentrypeer', 'default-config.toml'),
  );
  try {
    return await realpath(path);
  } catch {
    return path; // It does not exist yet, or reading it will say what is wrong.
  }
}

/** As octets, because a comment may be in any encoding and must not change. */
function octetsOf(path: string): Uint8Array | undefined {
  try {
    return readSmallFile(path, NAMED_FILE_OCTETS_MAX);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw unwritable(path, 'read', cause);
  }
}

/** As the daemon reads it. */
function textOf(octets: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets);
}

/** Puts lines before the first table, and after a byte order mark. */
function withLines(before: Uint8Array = NOTHING, lines: string): Uint8Array {
  const markSize = BYTE_ORDER_MARK.every((octet, index) => before[index] === octet) ? 3 : 0;
  const added = new TextEncoder().encode(lines);
  const after = new Uint8Array(before.length + added.length);
  after.set(before.subarray(0, markSize));
  after.set(added, markSize);
  after.set(before.subarray(markSize), markSize + added.length);
  return after;
}

/** The lines that the file lacks. Refuses a file that says something else. */
function missingLines(
  path: string,
  text: string,
  keyFile: string,
  peers: readonly PoolPeer[],
): readonly string[] {
  const { settings } = parseConfigFile(path, text);
  const lines: string[] = [];
  const isOn = settings.get('peerToPeer');
  if (isOn === undefined) lines.push('peer_to_peer = true');
  else if (isOn.text !== 'true') {
    throw refusal(`${isOn.origin.text} switches off what a pool needs: remove that line first`);
  }
  const key = settings.get('poolKeyFile');
  if (key === undefined) lines.push(`pool_key = ${tomlText(keyFile)}`);
  else if (resolve(key.text) !== keyFile) {
    throw refusal(
      `${key.origin.text} is ${quoted(key.text)}: this node is in another pool; remove that line first to leave it`,
    );
  }
  const named = settings.get('poolPeers');
  const known = new Set((poolPeersType.parse(named?.text ?? '') ?? []).map(formatHostPort));
  const missing = peers.filter((peer) => !known.has(formatHostPort(peer)));
  if (missing.length === 0) return lines;
  const texts = missing.map((peer) => poolPeersType.format([peer]));
  if (named === undefined) return [...lines, `pool_peer = [${texts.map(tomlText).join(', ')}]`];
  throw refusal(
    `${named.origin.text} names other nodes: add ${texts.map(quoted).join(', ')} there`,
  );
}

/** A basic string of TOML has the escapes of JSON. */
function tomlText(text: string): string {
  return JSON.stringify(text);
}

/** The daemon would not start with it: then the file is restored. */
async function refuseContradiction(
  { loadAsDaemon }: CommandContext,
  path: string,
  before: Uint8Array | undefined,
  after: Uint8Array,
): Promise<void> {
  const loaded = loadAsDaemon();
  if (loaded.kind !== 'refused') return;
  if (before === undefined) await rm(path);
  else await replace(path, after, before);
  throw refusal(`${loaded.message}; ${path} is left as it was`);
}

/** Flags and variables override the file. */
function strongerRemarks({ loadAsDaemon }: CommandContext, keyFile: string): readonly string[] {
  const loaded = loadAsDaemon();
  if (loaded.kind !== 'run') return [];
  const { config, origins } = loaded;
  const isOther = config.poolKeyFile === undefined || resolve(config.poolKeyFile) !== keyFile;
  return [
    ...(isOther ? [`Another key takes precedence: ${origins.poolKeyFile.text}.`] : []),
    ...(config.peerToPeer
      ? []
      : [`It is still switched off elsewhere: ${origins.peerToPeer.text}.`]),
  ];
}

/**
 * A reader sees either the old file or all of the new one; owner and mode are kept. The new file also serves as a lock,
 * so that what somebody else writes meanwhile is not lost.
 */
async function replace(
  path: string,
  before: Uint8Array | undefined,
  after: Uint8Array,
): Promise<void> {
  const temporary = `${path}.new`;
  let isOurs = false;
  try {
    if (before === undefined) await mkdir(dirname(path), { recursive: true });
    const found = before === undefined ? undefined : await stat(path);
    // Only its owner may read it, until it is known who else may.
    const mode = found === undefined ? NEW_FILE_MODE : 0o600;
    await using file = await open(temporary, 'wx', mode);
    isOurs = true;
    if (found !== undefined) {
      await file.chown(found.uid, found.gid);
      await file.chmod(found.mode & 0o7777);
    }
    await file.writeFile(after);
    await file.sync();
    if (!isSame(before, octetsOf(path))) throw changedMeanwhile(path);
    await rename(temporary, path);
    syncDirectory(dirname(path));
  } catch (cause) {
    if (isOurs) await rm(temporary, { force: true });
    else if (errorCode(cause) === 'EEXIST') throw beingChanged(path, cause);
    throw cause instanceof OperatingError ? cause : unwritable(path, 'changed', cause);
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a?.length === b?.length && (a ?? NOTHING).every((octet, index) => octet === b?.[index]);
}

function changedMeanwhile(path: string): OperatingError {
  return new OperatingError(
    'config_file_unwritable',
    `${quoted(path)} was changed by somebody else meanwhile, and is left as it is: run this again`,
  );
}

function beingChanged(path: string, cause: unknown): OperatingError {
  return new OperatingError(
    'config_file_unwritable',
    `${quoted(`${path}.new`)} is there: somebody else is changing the file; if nobody is, it is left from before: remove it`,
    { cause },
  );
}

function unwritable(path: string, what: string, cause: unknown): OperatingError {
  return new OperatingError(
    'config_file_unwritable',
    `${quoted(path)} cannot be ${what} (${errorCode(cause) ?? 'unknown reason'}): run this as a user who may`,
    { cause },
  );
}
