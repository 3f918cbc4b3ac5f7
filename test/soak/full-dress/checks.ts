// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Whether everything that came out is what went in: by exact sets, not by counts. */

import { createReadStream, globSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { SoakNode } from './node.ts';
import type { Receiver } from './outputs.ts';

const PAGE = 1000;
const CHECKED_MAX = 200;

/** Differences, in words; an empty list is a success. */
export type Findings = string[];

export interface Recorded {
  /** The UUIDs of the rows that are there. */
  readonly uuids: ReadonlySet<string>;
  /** Rows that were removed to make room, as on a full disk: the outputs have them as well. */
  readonly removedCount: number;
}

export function readDatabase(node: SoakNode): {
  readonly own: Recorded;
  readonly number: (sql: string) => number;
} {
  const rows = (sql: string): readonly unknown[] => {
    using database = new DatabaseSync(node.dbFile, { readOnly: true, timeout: 20_000 });
    return database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  };
  const number = (sql: string): number => Number(rows(sql)[0]);
  const uuids = new Set(rows('SELECT event_uuid FROM honey').map(String));
  const recordedCount = number("SELECT value FROM counter WHERE name = 'last_honey_id'");
  return { own: { uuids, removedCount: recordedCount - uuids.size }, number };
}

function compare(
  name: string,
  expected: ReadonlySet<string>,
  found: ReadonlySet<string>,
  findings: Findings,
  foreignCount = 0,
): void {
  const missing = expected.difference(found);
  const foreign = found.difference(expected);
  if (missing.size > 0)
    findings.push(`${name}: ${missing.size} are missing, one is ${[...missing][0]}`);
  if (foreign.size !== foreignCount)
    findings.push(
      `${name}: ${foreign.size} are not there instead of ${foreignCount}, one is ${[...foreign][0]}`,
    );
}

/** The JSON log with all that was rotated. */
export async function checkJsonLog(
  node: SoakNode,
  own: Recorded,
  findings: Findings,
): Promise<string> {
  const uuids = new Set<string>();
  let linesCount = 0;
  let brokenCount = 0;
  for (const file of globSync(`${node.jsonLogFile}*`)) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      linesCount += 1;
      try {
        uuids.add((JSON.parse(line) as { event_uuid: string }).event_uuid);
      } catch {
        brokenCount += 1;
      }
    }
  }
  compare('JSON log', own.uuids, uuids, findings, own.removedCount);
  if (brokenCount > 0) findings.push(`JSON log: ${brokenCount} lines are no JSON`);
  return `JSON log ${uuids.size} events, ${linesCount - uuids.size} lines more than once`;
}

export function checkWebhook({ uuids }: Receiver, own: Recorded, findings: Findings): string {
  compare('webhook', own.uuids, new Set(uuids.keys()), findings, own.removedCount);
  const repeated = [...uuids.values()].filter((count) => count > 1).length;
  return `webhook ${uuids.size} events, ${repeated} more than once`;
}

/** The metrics against the database. */
export async function checkMetrics(node: SoakNode, findings: Findings): Promise<void> {
  const text = await (await node.get('/metrics')).text();
  const metric = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const { number } = readDatabase(node);
  const pairs: readonly (readonly [string, string])[] = [
    ['sentrypeer_events_recorded_total', "SELECT value FROM counter WHERE name = 'last_honey_id'"],
    ['sentrypeer_events_recorded_total', 'SELECT max(honey_id) FROM honey'],
    [
      'sentrypeer_messages_dropped_total',
      "SELECT value FROM counter WHERE name = 'dropped_messages'",
    ],
    [
      'sentrypeer_addresses',
      'SELECT count(DISTINCT coalesce(source, address)) FROM address_total WHERE seen_count > 0',
    ],
    ['sentrypeer_numbers', 'SELECT count(*) FROM number_total WHERE seen_count > 0'],
    ['sentrypeer_user_agents', 'SELECT count(*) FROM user_agent_total WHERE seen_count > 0'],
  ];
  for (const [name, sql] of pairs) {
    const [said, is] = [metric(name), number(sql)];
    if (said !== is) findings.push(`${name} says ${said}, the database ${is} (${sql})`);
  }
}

interface Page {
  readonly items: readonly { readonly kind: string; readonly value: string }[];
  readonly next?: string | null;
}

/** What is listed, according to listings, lists, check and explain. */
export async function checkVerdicts(node: SoakNode, findings: Findings): Promise<string> {
  const listed = {
    address: new Set<string>(),
    number: new Set<string>(),
    range: new Set<string>(),
  };
  for (let after = ''; ;) {
    const page = await node.json<Page>(`/v1/listings?limit=${PAGE}${after}`);
    for (const { kind, value } of page.items) {
      if (kind in listed) listed[kind as keyof typeof listed].add(value);
    }
    if (page.next === undefined || page.next === null) break;
    after = `&cursor=${encodeURIComponent(page.next)}`;
  }
  for (const [list, expected] of [
    ['ip-addresses', listed.address],
    ['numbers', listed.number.union(listed.range)],
  ] as const) {
    const text = await (await node.get(`/v1/lists/${list}.txt`)).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    compare(`list of ${list}`, expected, new Set(lines), findings);
  }
  const { number } = readDatabase(node);
  for (const [kind, values] of Object.entries(listed)) {
    const stands = number(
      `SELECT count(*) FROM listing WHERE kind = '${kind}' AND level = 'listed'`,
    );
    if (stands !== values.size)
      findings.push(`${kind}: ${values.size} in listings, ${stands} in the table`);
    for (const value of [...values].slice(0, CHECKED_MAX)) {
      // For a range, a number within it.
      const question = `${kind === 'range' ? 'number' : kind}=${encodeURIComponent(value.replaceAll('x', '5'))}`;
      for (const path of [`/v1/check?${question}`, `/v1/explain?${question}`]) {
        const { listed: isListed } = await node.json<{ listed: boolean }>(path);
        if (!isListed) findings.push(`${path} says that it is not listed`);
      }
    }
  }
  return `${listed.address.size} addresses, ${listed.number.size} numbers and ${listed.range.size} ranges are listed`;
}
