// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { roomClient } from '../access/client-address.ts';
import { sendProblem } from '../problem.ts';
import { eventCursor } from './cursor.ts';
import type { EventStreamOptions, EventStreams } from './event-streams.ts';
import type { Call } from './operation.ts';

type StreamCall = Pick<Call<never>, 'request' | 'reply' | 'ports'>;

/** Some stored events, and how far the log was searched. */
export interface KeptPage {
  /** Whole messages, each with its id; UTF-8 where it is octets. */
  readonly messages: string | Uint8Array;
  /** Everything up to here was looked at. */
  readonly after: number;
  /** There may be more after it. */
  readonly more: boolean;
}

interface KeptStream {
  readonly read: (after: number) => KeptPage | Promise<KeptPage>;
  /** See `EventStreamOptions`. */
  readonly everyMs?: number;
}

/** Answers with a stream of kept events that begins after Last-Event-ID, the query's `after`, or the newest. */
export function sendStream(
  call: StreamCall,
  asked: number | undefined,
  newestId: number,
  { read, everyMs }: KeptStream,
): void {
  const begin = beginAfter(call, asked);
  if (begin === undefined) return;
  let { after = newestId } = begin;
  sendEvents(call, call.ports.streams, {
    read: async () => {
      const page = await read(after);
      after = page.after;
      return page;
    },
    ...(everyMs !== undefined && { everyMs }),
  });
}

/** The id that a client has reached, from Last-Event-ID or the query, if it gives one; answers 400 if it is invalid. */
export function beginAfter(
  { request, reply }: StreamCall,
  asked: number | undefined,
): { readonly after?: number } | undefined {
  const last = request.headers['last-event-id'];
  if (typeof last !== 'string' || last === '') return asked === undefined ? {} : { after: asked };
  const after = eventCursor.read(last);
  if (after !== undefined) return { after };
  sendProblem(reply, 400, 'Last-Event-ID must be the id of an event');
  return undefined;
}

/** Sends what there is and what follows. */
export function sendEvents(
  { request, reply }: StreamCall,
  streams: EventStreams,
  options: EventStreamOptions,
): void {
  const { isGood } = request.caller;
  const stream = streams.open(
    { ...options, ...(isGood !== undefined && { mayRead: isGood }) },
    roomClient(request),
  );
  if (stream === undefined) return sendBusy(reply);
  reply.header('Cache-Control', 'no-store').header('X-Accel-Buffering', 'no');
  reply.type('text/event-stream').send(stream);
}

/** Too many lists or streams are open. */
export function sendBusy(reply: Call<never>['reply']): void {
  reply.header('Retry-After', '1');
  sendProblem(reply, 503, 'too many lists or streams are being sent');
}
