// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sendProblem } from '../problem.ts';
import { eventCursor } from './cursor.ts';
import type { EventStreamOptions } from './event-streams.ts';
import type { Call } from './operation.ts';

/** Answers with a stream that begins behind Last-Event-ID, the query's `after`, or what is newest. */
export function sendStream(
  { request, reply, ports }: Pick<Call<never>, 'request' | 'reply' | 'ports'>,
  asked: number | undefined,
  newestId: number,
  options: Omit<EventStreamOptions, 'after'>,
): void {
  const last = request.headers['last-event-id'];
  const resumed = typeof last === 'string' && last !== '' ? eventCursor.read(last) : asked;
  if (last !== undefined && last !== '' && resumed === undefined) {
    return sendProblem(reply, 400, 'Last-Event-ID must be the id of an event');
  }
  const stream = ports.streams.open({ ...options, after: resumed ?? newestId });
  if (stream === undefined) return sendBusy(reply);
  reply.header('Cache-Control', 'no-store').header('X-Accel-Buffering', 'no');
  reply.type('text/event-stream').send(stream);
}

/** Too many lists or streams are open. */
export function sendBusy(reply: Call<never>['reply']): void {
  reply.header('Retry-After', '1');
  sendProblem(reply, 503, 'too many lists or streams are being sent');
}
