// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { fileTrouble } from '@sentrypeer/bytes/file';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { WebhookOptions } from '@sentrypeer/delivery';
import {
  SECRET_CHARACTERS_MAX,
  WEBHOOK_NAME_CHARACTERS_MAX,
  WEBHOOKS_COUNT_MAX,
} from '../limits.ts';
import { saysNothing, valueText, type FileTable } from './config-file.ts';
import type { Option } from './option.ts';
import { suggestion } from './nearest.ts';
import { quoted, refusal } from './refusal.ts';
import { readSetting } from './settings.ts';
import { ENDPOINT_OPTIONS } from './webhook-options.ts';
import { urlType } from './webhook-types.ts';

type EndpointKey = keyof typeof ENDPOINT_OPTIONS;
type ValueOf<O> = O extends Option<infer T> ? T : never;

/** Values of all options of one endpoint. */
export type EndpointValues = {
  readonly [K in EndpointKey]: ValueOf<(typeof ENDPOINT_OPTIONS)[K]>;
};

const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-._';
/** Headers that are derived from the request itself. */
const OWN_HEADERS = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);

const ENTRIES = Object.entries(ENDPOINT_OPTIONS) as readonly (readonly [
  EndpointKey,
  Option<unknown>,
])[];
/** The keys of a table, by the names they have there. */
const TABLE_KEYS: ReadonlyMap<string, readonly [EndpointKey, Option<unknown>]> = new Map(
  ENTRIES.map((entry) => [(entry[1].toml ?? '').replace('webhook_', ''), entry]),
);

type ReadFile = (path: string) => string;

/**
 * All endpoints: those of `--webhook-url`, to which the options at the top level apply, and those of tables, to which
 * only their own apply: a secret for one must not be sent to another.
 */
export function readWebhooks(
  urls: readonly URL[],
  values: EndpointValues,
  tables: readonly FileTable[],
  readFile: ReadFile,
): readonly WebhookOptions[] {
  const webhooks = [
    ...urls.map((url) => endpoint({ name: url.host, url, headers: {} }, values, '--', readFile)),
    ...tables.map((table) => readTable(table, readFile)),
  ];
  if (webhooks.length > WEBHOOKS_COUNT_MAX) {
    throw refusal(
      `there are ${webhooks.length} webhooks: at most ${WEBHOOKS_COUNT_MAX} are possible`,
    );
  }
  const names = new Set<string>();
  for (const { name } of webhooks) {
    if (names.has(name)) {
      throw refusal(
        `two webhooks are named ${quoted(name)}: put them into the file as [[webhook]], each with a name of its own`,
      );
    }
    names.add(name);
  }
  return webhooks;
}

function readTable({ where, members }: FileTable, readFile: ReadFile): WebhookOptions {
  const { name, url, headers, ...rest } = members;
  if (typeof name !== 'string' || !isName(name)) {
    throw refusal(
      `${where}: needs a name of letters, digits, hyphens, dots and underscores: name = "hub"`,
    );
  }
  const at = `${where} ${quoted(name)}`;
  const address = typeof url === 'string' ? urlType.parse(url) : undefined;
  if (address === undefined) throw refusal(`${at}: url must be ${urlType.wanted}`);
  const values: Partial<Record<EndpointKey, unknown>> = {};
  for (const [key, option] of ENTRIES) values[key] = option.defaultValue;
  for (const [tableKey, value] of Object.entries(rest)) {
    const found = TABLE_KEYS.get(tableKey);
    if (found === undefined) {
      const hint = suggestion(tableKey, ['name', 'url', 'headers', ...TABLE_KEYS.keys()]);
      throw refusal(`${at}: unknown key ${quoted(tableKey)}${hint || ', see docs/webhook.md'}`);
    }
    const [key, option] = found;
    if (saysNothing(option, value)) continue;
    const origin = { kind: 'file', text: `${at}, ${tableKey}` } as const;
    values[key] = readSetting(option, { text: valueText(origin.text, option, value), origin });
  }
  const facts = { name, url: address, headers: readHeaders(at, headers) };
  // Every key has been set, to its default or to what its own type read.
  return endpoint(facts, values as EndpointValues, `${at}, `, readFile);
}

function readHeaders(at: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isTable) throw refusal(`${at}: headers must be a table: headers = { Name = "value" }`);
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string' || !isHeader(name, text)) {
      throw refusal(`${at}: headers: ${quoted(name)} is not a header with a text of one line`);
    }
    if (OWN_HEADERS.has(name.toLowerCase())) {
      throw refusal(`${at}: headers: ${quoted(name)} is set from the request itself`);
    }
    headers[name] = text;
  }
  return headers;
}

/** @param prefix Text before an option's name in messages. */
function endpoint(
  facts: Pick<WebhookOptions, 'name' | 'url' | 'headers'>,
  values: EndpointValues,
  prefix: string,
  readFile: ReadFile,
): WebhookOptions {
  const nameOf = (key: EndpointKey): string =>
    prefix === '--'
      ? `--${ENDPOINT_OPTIONS[key].long}`
      : `${prefix}${(ENDPOINT_OPTIONS[key].toml ?? '').replace('webhook_', '')}`;
  const secretOf = (text: EndpointKey, file: EndpointKey): string | undefined => {
    // Empty means not given: variables of containers often exist without a value.
    const given = (values[text] as string | undefined) || undefined;
    const path = (values[file] as string | undefined) || undefined;
    if (given !== undefined && path !== undefined) {
      throw refusal(`${nameOf(text)} and ${nameOf(file)} both give a secret: leave one out`);
    }
    if (path === undefined) return given;
    const { type } = ENDPOINT_OPTIONS[text];
    const secret = type.parse(readText(nameOf(file), path, readFile).trim());
    if (typeof secret !== 'string' || secret === '') {
      throw refusal(`${nameOf(file)}: ${quoted(path)} does not hold ${type.wanted}`);
    }
    return secret;
  };
  const caFile = values.webhookCaFile;
  return {
    ...facts,
    choice: {
      grade: values.webhookGrade,
      origin: values.webhookOrigin,
      omit: values.webhookOmit ?? [],
    },
    batchEventsMax: values.webhookBatchEventsMax,
    batchWaitMs: values.webhookBatchWaitMs,
    gzip: values.webhookGzip,
    signingSecret: secretOf('webhookSecret', 'webhookSecretFile'),
    timeoutMs: values.webhookTimeoutSeconds * 1000,
    parallel: values.webhookParallel,
    authorities:
      caFile === undefined ? undefined : readText(nameOf('webhookCaFile'), caFile, readFile),
    oauth2: readOauth2(values, secretOf('oauth2ClientSecret', 'oauth2ClientSecretFile'), nameOf),
  };
}

function readOauth2(
  values: EndpointValues,
  clientSecret: string | undefined,
  nameOf: (key: EndpointKey) => string,
): WebhookOptions['oauth2'] {
  const clientId = values.oauth2ClientId || undefined;
  if (clientId === undefined && clientSecret === undefined) return undefined;
  if (clientId === undefined || clientSecret === undefined) {
    throw refusal(
      `${nameOf('oauth2ClientId')} and ${nameOf('oauth2ClientSecret')}, or its file, need each other`,
    );
  }
  return {
    tokenUrl: values.oauth2TokenUrl,
    clientId,
    clientSecret,
    audience: values.oauth2Audience,
    scope: values.oauth2Scope ?? '',
    body: values.oauth2Body,
  };
}

function readText(where: string, path: string, readFile: ReadFile): string {
  try {
    const text = readFile(path);
    if (text.length <= SECRET_CHARACTERS_MAX * 64) return text;
  } catch (cause) {
    throw refusal(`${where}: ${quoted(path)} cannot be read (${fileTrouble(cause)})`, { cause });
  }
  throw refusal(`${where}: ${quoted(path)} is too long`);
}

function isName(text: string): boolean {
  return (
    text !== '' &&
    text.length <= WEBHOOK_NAME_CHARACTERS_MAX &&
    Array.from(text.toLowerCase()).every((character) => NAME_CHARACTERS.includes(character))
  );
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return value.length <= SECRET_CHARACTERS_MAX;
  } catch {
    return false; // The caller says which one.
  }
}
