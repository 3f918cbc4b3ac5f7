// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RouteAccess } from '../access/access.ts';

type Done = (error: Error | null, body?: string) => void;

/** Turns a body into text, unpacking gzip within the limit of its route. */
export class PostedText {
  readonly parse = (request: FastifyRequest, body: string | Uint8Array, done: Done): void => {
    const octetsMax = request.routeOptions.bodyLimit ?? 0;
    const coding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
    if (typeof body === 'string') return done(null, body);
    if (coding === 'identity') return done(null, text(body));
    if (coding !== 'gzip') return done(refusal(415, 'Content-Encoding must be gzip or none'));
    gunzip(body, { maxOutputLength: octetsMax }, (error, unpacked) => {
      if (error === null) done(null, text(unpacked));
      else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
        done(refusal(413, 'too large'));
      else done(refusal(400, 'the body is not gzip'));
    });
  };
}

/**
 * A route only for POST.
 *
 * @param octetsMax Limit of its body, both as sent and unpacked.
 */
export function postRoute(
  app: FastifyInstance,
  url: string,
  { octetsMax, ...access }: RouteAccess & { readonly octetsMax: number },
  handler: (request: FastifyRequest, reply: FastifyReply) => void | Promise<void>,
): void {
  app.route({
    method: 'POST',
    url,
    bodyLimit: octetsMax,
    config: { access, bodyOctetsMax: octetsMax },
    handler: async (request, reply) => {
      await handler(request, reply);
      return reply;
    },
  });
}

/** The posted text; empty if there is none. */
export function bodyText(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}

/** `undefined` if the text is not JSON. */
export function jsonBody(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined; // The caller tells the client.
  }
}

function text(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
