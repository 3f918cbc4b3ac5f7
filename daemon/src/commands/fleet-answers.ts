// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetDay, FleetMade, FleetNode, FleetState } from '@sentrypeer/fleet';
import { formatMebibytes } from '@sentrypeer/kernel';
import { FLEET_NODE_SILENT_MS } from '../services/fleet/limits.ts';
import type { Config } from '../config/config.ts';
import type { Answer } from './command.ts';
import { countOf, formatTable, shown, utc } from './text.ts';

const HEADINGS = ['NODE', 'EVENTS', 'BEHIND', 'LAST PUSH', 'LAST SIGN OF LIFE', 'EPOCH', 'VERSION'];

/** What `fleet init` did, and what the operator still has to close. */
export function madeAnswer(
  { fleetAddress }: Pick<Config, 'fleetAddress'>,
  made: FleetMade,
): Answer {
  const name = fleetAddress?.database ?? '';
  const text =
    made.versions.length === 0
      ? `The fleet in ${name} is there already, and complete.\n`
      : `There is a fleet in ${name} now. Let nodes in with sentrypeer fleet join NAME sensor FILE.\n`;
  const remarks = [
    ...(made.openDatabases.length === 0
      ? []
      : [
          `A password of a sensor also opens the databases ${made.openDatabases.map(shown).join(', ')} of this server, as every role does: close them with REVOKE CONNECT ON DATABASE … FROM PUBLIC, or with lines of pg_hba.conf (docs/fleet.md).\n`,
        ]),
    ...(made.hasLargeObjects
      ? [
          'Large objects stay open to every role of this database, because only a superuser can close them: a sensor that is taken over can fill the disk with them.\n',
        ]
      : []),
  ];
  return {
    text,
    json: {
      database: name,
      added: made.versions,
      open_databases: made.openDatabases,
      has_large_objects: made.hasLargeObjects,
    },
    ...(remarks.length === 0 ? {} : { remark: remarks.join('') }),
  };
}

/** Days that were removed, or would be removed. */
export function prunedAnswer(old: readonly FleetDay[], days: number, isDone: boolean): Answer {
  const octets = old.reduce((sum, day) => sum + day.octets, 0);
  const kept = `events of ${countOf(days, 'day')} are kept`;
  const size = `${countOf(old.length, 'day')}, ${formatMebibytes(octets)}`;
  const done = isDone
    ? `Removed ${size}: ${kept}, and totals by the hour for a year.\n`
    : `${size} would be removed: ${kept}. Add --yes to remove them.\n`;
  const rows = old.map(({ day, rows, octets: size }) => [
    day,
    rows < 0 ? 'unknown' : String(rows),
    formatMebibytes(size),
  ]);
  const table = old.length === 0 ? '' : formatTable([['DAY', 'EVENTS (ABOUT)', 'SIZE'], ...rows]);
  return {
    text: `${table}${old.length === 0 ? `Nothing is older: ${kept}.\n` : done}`,
    json: { kept_days: days, removed: isDone, days: old.map((day) => ({ ...day })) },
  };
}

/** The nodes of a fleet. Bad if one of them has been silent for long. */
export function stateAnswer(state: FleetState): Answer {
  const { nodes, version, nowEpochUs } = state;
  const silent = nodes.filter((node) => isSilent(node, nowEpochUs));
  const what = state.isOfOne
    ? 'This node is not in the fleet yet'
    : 'No node has pushed anything yet';
  const lines = [
    `Fleet of version ${version}, ${state.isOfOne ? 'as this node sees it' : countOf(nodes.length, 'node')}\n`,
    nodes.length === 0 ? `${what}.\n` : formatTable([HEADINGS, ...nodes.map(rowOf)]),
    ...silent.map(({ node }) => `${shown(node)} has given no sign of life for a long time.\n`),
  ];
  return {
    text: lines.join(''),
    json: { version, oldest: state.oldest, now: utc(nowEpochUs), nodes: nodes.map(jsonOf) },
    isBad: silent.length > 0,
  };
}

function isSilent({ seenEpochUs }: FleetNode, nowEpochUs: number): boolean {
  return (nowEpochUs - seenEpochUs) / 1000 > FLEET_NODE_SILENT_MS;
}

function rowOf(node: FleetNode): readonly string[] {
  return [
    node.node,
    String(node.rows),
    String(node.waiting),
    node.pushedEpochUs === undefined ? 'never' : utc(node.pushedEpochUs),
    utc(node.seenEpochUs),
    String(node.epoch),
    node.version ?? '',
  ];
}

function jsonOf(node: FleetNode) {
  return {
    node: node.node,
    node_id: node.nodeId ?? null,
    version: node.version ?? null,
    epoch: node.epoch,
    events: node.rows,
    behind: node.waiting,
    last_push: node.pushedEpochUs === undefined ? null : utc(node.pushedEpochUs),
    last_seen: utc(node.seenEpochUs),
  };
}
