// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetConnection, FleetRole } from '@sentrypeer/fleet';
import { isZonedAddress } from '@sentrypeer/ip';
import { quoted, refusal } from '../config/refusal.ts';
import { countType, isHostName } from '../config/value-types.ts';
import { FLEET_DAYS_MAX } from '../services/fleet/limits.ts';
import type { Command, CommandContext } from './command.ts';
import { needed, neededFile, refuseMore } from './words.ts';

const JOIN_FORM = 'fleet join NAME ROLE FILE [HOST[:PORT]]';
const ROLES: readonly FleetRole[] = ['sensor', 'hub', 'follower', 'people'];

const INIT: Command = {
  name: 'fleet init',
  form: '',
  doc: "Make a fleet in the PostgreSQL database of `--fleet` or `--fleet-file`: its tables, and the groups that limit each node to its part. Run it as the database's owner, in a database that nothing else uses; docs/fleet.md shows how.",
  database: 'none',
  examples: [
    [
      'fleet init --fleet "postgres://postgres@localhost/fleet?host=/run/postgresql"',
      'On the machine of the database, as its user postgres.',
    ],
  ],
  prepare: ({ words }) => {
    refuseMore(words, 'fleet init');
    return async (context) => {
      const { initFleet } = await import('@sentrypeer/fleet');
      await using connection = await connect(context);
      const { madeAnswer } = await import('./fleet-answers.ts');
      return madeAnswer(context.config, await initFleet(connection));
    };
  },
};

const JOIN: Command = {
  name: 'fleet join',
  form: 'NAME ROLE FILE [HOST[:PORT]]',
  doc: "Let a node into the fleet: makes its role NAME in PostgreSQL with a random password, and writes FILE for the node's `--fleet-file`. ROLE is `sensor` (appends its own events, and follows what hubs list), `hub` (reads what all push, and pushes itself), `follower` (only follows what hubs list) or `people` (reads: dashboards). HOST is where the node reaches the database, if that differs from where you do. A NAME that is already in the fleet gets a new password, and the old one stops working.",
  database: 'none',
  examples: [
    [
      'fleet join berlin-1 sensor berlin-1.fleet db.example.org',
      'Copy berlin-1.fleet to that node, and remove it here.',
    ],
  ],
  prepare: ({ words: [name = '', role, file, host, ...more] }) => {
    const known = ROLES.find((each) => each === role);
    if (known === undefined) {
      const given = role === undefined ? 'no role' : `the role ${quoted(role)}`;
      throw refusal(`fleet join got ${given}: write ${JOIN_FORM}, with one of ${ROLES.join(', ')}`);
    }
    const path = neededFile(file, JOIN_FORM);
    refuseMore(more, JOIN_FORM);
    return async (context) => {
      const { joinFleet, nodeNameTrouble } = await import('@sentrypeer/fleet');
      const wrong = nodeNameTrouble(name);
      if (wrong !== undefined) throw refusal(`${quoted(name)}: ${wrong}`);
      const { CredentialFile } = await import('./fleet-credential.ts');
      const address = { ...addressOf(context), ...placeOf(host), user: name };
      await using connection = await connect(context);
      using credential = CredentialFile.create(path, address); // Before the old password becomes invalid.
      credential.finish(await joinFleet(connection, name, known));
      return {
        text: `${name} is in the fleet as ${known}. Its address and password are in ${path}, which only you can read: give it to that node as --fleet-file, and remove it here.\n`,
        json: { node: name, role: known, file: path },
      };
    };
  },
};

const LEAVE: Command = {
  name: 'fleet leave',
  form: 'NAME',
  doc: 'Remove a node from the fleet: its password stops working, and its connections are ended. What it pushed stays.',
  database: 'none',
  prepare: ({ words: [name, ...more] }) => {
    const node = needed(name, 'fleet leave NAME');
    refuseMore(more, 'fleet leave NAME');
    return async (context) => {
      const { leaveFleet } = await import('@sentrypeer/fleet');
      await using connection = await connect(context);
      await leaveFleet(connection, node);
      return { text: `${node} has left the fleet.\n`, json: { node, left: true } };
    };
  },
};

const STATUS: Command = {
  name: 'fleet status',
  form: '',
  doc: 'Print the nodes of the fleet, how far each is behind, and its last sign of life. A sensor only sees itself.',
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'fleet status');
    return async (context) => {
      const { fleetState } = await import('@sentrypeer/fleet');
      await using connection = await connect(context);
      const { stateAnswer } = await import('./fleet-answers.ts');
      return stateAnswer(await fleetState(connection));
    };
  },
};

const MIGRATE: Command = {
  name: 'fleet migrate',
  form: '',
  doc: "Bring the fleet's tables to this version, as the database's owner. Nodes of the previous version go on working.",
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'fleet migrate');
    return async (context) => {
      const { FLEET_SCHEMA_VERSION, migrateOnly } = await import('@sentrypeer/fleet');
      await using connection = await connect(context);
      const versions = await migrateOnly(connection);
      return {
        text:
          versions.length === 0
            ? `The fleet has version ${FLEET_SCHEMA_VERSION} already.\n`
            : `The fleet has version ${FLEET_SCHEMA_VERSION} now.\n`,
        json: { version: FLEET_SCHEMA_VERSION, added: versions },
      };
    };
  },
};

const PRUNE: Command = {
  name: 'fleet prune',
  form: 'DAYS',
  doc: 'Print which days of the fleet are older than DAYS and how large they are; with `--yes` remove their events and keep hourly totals for a year. Run it daily, as the owner.',
  flags: ['yes'],
  database: 'none',
  examples: [['fleet prune 30 --yes --fleet-file owner.fleet', 'Keep the events of 30 days.']],
  prepare: ({ words: [text, ...more], flags }) => {
    const given = needed(text, 'fleet prune DAYS');
    const days = countType('DAYS', 1, FLEET_DAYS_MAX).parse(given);
    if (days === undefined) {
      throw refusal(`${quoted(given)} is not a number of days from 1 to ${FLEET_DAYS_MAX}`);
    }
    refuseMore(more, 'fleet prune DAYS');
    return async (context) => {
      const { dropDay, dropRest, oldDays } = await import('@sentrypeer/fleet');
      await using connection = await connect(context);
      const old = await oldDays(connection, days);
      const isDone = flags.has('yes');
      if (isDone) {
        for (const day of old) await dropDay(connection, day);
        await dropRest(connection, days);
      }
      const { prunedAnswer } = await import('./fleet-answers.ts');
      return prunedAnswer(old, days, isDone);
    };
  },
};

export const FLEET: readonly Command[] = [INIT, JOIN, LEAVE, STATUS, PRUNE, MIGRATE];

function addressOf({ config: { fleetAddress } }: CommandContext) {
  if (fleetAddress !== undefined) return fleetAddress;
  throw refusal(
    "this needs the fleet's database: --fleet postgres://NAME@HOST/DATABASE, or --fleet-file FILE",
  );
}

async function connect(context: CommandContext): Promise<FleetConnection> {
  const address = addressOf(context);
  const { FleetConnection } = await import('@sentrypeer/fleet');
  return FleetConnection.open(address, 'fleet');
}

/** Where other machines reach the database. */
function placeOf(text: string | undefined): object {
  if (text === undefined) return {};
  const url = URL.parse(`postgres://${text}/`);
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const isHost = isZonedAddress(host) || isHostName(host);
  if (url === null || !isHost || url.port === '0' || url.username !== '' || url.pathname !== '/') {
    throw refusal(`${quoted(text)} is not a host: write ${JOIN_FORM}, such as db.example.org:5432`);
  }
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    tls: { authoritiesFile: undefined },
  };
}
