// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Entry of the thread that pushes events to a fleet and takes what it has, so that no part that answers waits for the
 * fleet's database.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { Follower, Puller, Pusher, type ListingPage } from '@sentrypeer/fleet';
import { FLEET_DECISIONS_CURSOR, fleetPullCursors, JUDGE_CURSOR } from '@sentrypeer/follow/cursors';
import { assert, OperatingError, systemClock } from '@sentrypeer/kernel';
import {
  FLEET_EVENT_COLUMNS,
  FLEET_MESSAGE_COLUMN,
  FeedFollower,
  FLEET_REPEAT_COLUMNS,
  FleetReader,
  type FeedPage,
  type ListingQuery,
} from '@sentrypeer/store';
import { parseAllowed } from '@sentrypeer/verdict';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { REPORT_MS } from '../limits.ts';
import { FLEET_CLOSE_MS_MAX, FLEET_NICENESS } from '../services/fleet/limits.ts';
import type { CommandAnswer, CommandArguments } from '../services/writer-commands.ts';
import type {
  FleetCommand,
  FleetWorkerData,
  FleetWorkerInput,
  FleetWorkerOutput,
} from './messages.ts';
import { comeLast } from './come-last.ts';
import { failedMessage, forwardingLogger, sayAlive } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { dbFile, address, nodeId, version, hasMessages, role } = workerData as FleetWorkerData;

// Hubs and followers answer with what they take; a sensor's push comes after its recording.
if (role === 'sensor') comeLast(FLEET_NICENESS);

const say = (message: FleetWorkerOutput): void => parent.postMessage(message);

const calls = new Map<number, PromiseWithResolvers<unknown>>();
let lastCall = 0;

function write<C extends FleetCommand>(
  command: C,
  ...args: CommandArguments<C>
): Promise<CommandAnswer<C>> {
  lastCall += 1;
  const settled = Promise.withResolvers<unknown>();
  calls.set(lastCall, settled);
  say({ kind: 'call', call: lastCall, command, args });
  return settled.promise as Promise<CommandAnswer<C>>; // The writer answers by the same map of commands.
}

/** What a hub says to the fleet, from its own feed. */
function listingPage(page: FeedPage): ListingPage {
  switch (page.kind) {
    case 'begin':
      return { subjects: [], isBegin: true, isEnd: false };
    case 'end':
      return { subjects: [], isBegin: false, isEnd: true };
    case 'listings':
      return { subjects: page.listings, isBegin: false, isEnd: false };
    case 'changes':
      return { subjects: page.changes, isBegin: false, isEnd: false };
    default:
      return page satisfies never;
  }
}

function openPusher(reader: FleetReader): Pusher {
  const eventColumns = hasMessages
    ? [...FLEET_EVENT_COLUMNS, FLEET_MESSAGE_COLUMN]
    : FLEET_EVENT_COLUMNS;
  return new Pusher(
    {
      log: {
        open: () => write('openFleet'),
        resume: (place) => write('resumeFleet', place),
        next: (share, hasArrived) => write('nextForFleet', share, hasArrived),
        hasMore: (marks) => reader.hasMore(marks),
        rows: (marks) => ({
          ...reader.batch(marks),
          eventColumns,
          repeatColumns: FLEET_REPEAT_COLUMNS,
        }),
      },
      logger: forwardingLogger(say),
      clock: systemClock,
      random: Math.random,
    },
    { address, self: { nodeId, version }, hasMessages },
  );
}

function openPuller(reader: FleetReader): Puller {
  return new Puller(
    {
      sink: {
        place: (node) => {
          const names = fleetPullCursors(node);
          return { epoch: reader.cursor(names.epoch), honeyId: reader.cursor(names.honeyId) };
        },
        take: (events, reached) =>
          write(
            'deliver',
            events,
            reached.flatMap(({ node, mark }) => {
              const names = fleetPullCursors(node);
              return [
                { name: names.epoch, honeyId: mark.epoch },
                { name: names.honeyId, honeyId: mark.honeyId },
              ];
            }),
          ),
      },
      decisions: {
        waiting: (limit) => reader.waitingDecisions(limit),
        sent: (id) => write('decisionsSent', id),
        mark: () => reader.cursor(FLEET_DECISIONS_CURSOR),
        take: (decisions, mark) => write('takeDecisions', decisions, mark),
        isAllowable: (value) => parseAllowed(value) !== undefined,
      },
      listings: {
        follow: (which) => {
          const query: ListingQuery = which === 'refused' ? { levels: ['listed'] } : {};
          const feed = new FeedFollower(reader.listings, undefined, query);
          return {
            next: (limit) => {
              const page = feed.next(limit);
              return page === undefined ? undefined : listingPage(page);
            },
          };
        },
        listing: (subject) => reader.published(subject),
        isDelisted: (subject) => reader.isDelisted(subject),
        hasJudged: (honeyId) => reader.cursor(JUDGE_CURSOR) >= honeyId,
        lastHoneyId: () => reader.lastHoneyId(),
      },
      logger: forwardingLogger(say),
      clock: systemClock,
      random: Math.random,
    },
    address,
    nodeId,
  );
}

function openFollower({ followed }: FleetReader): Follower {
  return new Follower(
    {
      sink: {
        place: () => followed.place(),
        count: () => followed.count(),
        begin: (life) => write('beginFollowing', life),
        take: (listings, serial) => write('takeListings', listings, serial),
        sweep: () => write('sweepListings', false),
      },
      logger: forwardingLogger(say),
      clock: systemClock,
      random: Math.random,
    },
    address,
  );
}

try {
  const reader = FleetReader.open(dbFile, {
    hasMessages,
    recordedBy: role === 'hub' ? nodeId : undefined,
  });
  const pusher = role === 'follower' ? undefined : openPusher(reader);
  const puller = role === 'hub' ? openPuller(reader) : undefined;
  // A hub judges everything itself: by following it would only hear itself.
  const follower = role === 'hub' ? undefined : openFollower(reader);
  const tell = (): void =>
    say({
      kind: 'state',
      push: pusher?.state,
      pull: puller?.state,
      publish: puller?.publishing,
      follow: follower?.state,
      overview: puller?.overview,
    });
  setInterval(tell, REPORT_MS).unref();
  parent.on('message', async (message: FleetWorkerInput) => {
    switch (message.kind) {
      case 'wake':
        pusher?.wake();
        break;
      case 'listed':
        puller?.wake();
        break;
      case 'answered': {
        const { call, failure, answer } = message;
        const settled = calls.get(call);
        calls.delete(call);
        if (failure === undefined) settled?.resolve(answer);
        else settled?.reject(new OperatingError(failure.code, failure.message));
        break;
      }
      case 'stop':
        await Promise.all([
          pusher?.close(FLEET_CLOSE_MS_MAX),
          puller?.close(FLEET_CLOSE_MS_MAX),
          follower?.close(FLEET_CLOSE_MS_MAX),
        ]);
        tell();
        reader.close();
        parent.close();
        break;
      default:
        message satisfies never;
    }
  });
  sayAlive(say);
  releaseMemoryWhenQuiet();
  tell(); // Anybody who asks at once is told, too.
  say({ kind: 'ready' });
  await Promise.all([pusher?.running, puller?.running, follower?.running]);
} catch (error) {
  say(failedMessage(error));
}
