// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Readable } from 'node:stream';
import { constants, createGzip, gzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GZIP_CHARACTERS_MIN, GZIP_THREAD_CHARACTERS_MIN } from './limits.ts';

/** The most octets that a compressed list holds back, so that its first page comes at once. */
const GZIP_CHUNK_OCTETS = 65_536;

/** Sends a text, or its octets, or a list of any length, compressed where the client says it can read that. */
export function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  mediaType: string,
  text: string | Uint8Array | Readable,
): void {
  reply.type(mediaType).header('Vary', 'Accept-Encoding, Authorization, X-Api-Key');
  const isList = text instanceof Readable;
  if (!acceptsGzip(request) || (!isList && text.length < GZIP_CHARACTERS_MIN)) {
    reply.serializer(asIs).send(text);
    return;
  }
  reply.header('Content-Encoding', 'gzip');
  if (!isList) {
    reply.serializer(asIs);
    if (text.length < GZIP_THREAD_CHARACTERS_MIN) reply.send(gzipSync(text, { level: 1 }));
    else gzip(text, { level: 1 }, (error, packed) => reply.send(error ?? packed));
    return;
  }
  const packing = createGzip({
    level: 1,
    chunkSize: GZIP_CHUNK_OCTETS,
    flush: constants.Z_SYNC_FLUSH,
  });
  text.on('error', (error) => packing.destroy(error));
  packing.on('close', () => text.destroy());
  reply.send(text.pipe(packing));
}

/** RFC 9110 §12.5.3; a weight of 0 refuses. */
export function acceptsGzip(request: FastifyRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  if (accepted === undefined || request.method === 'HEAD') return false;
  return accepted
    .toLowerCase()
    .split(',')
    .some((coding) => /^\s*gzip\s*(;\s*q=(1|0?\.0*[1-9][0-9]*))?\s*$/.test(coding));
}

function asIs(payload: unknown): string {
  return payload as string; // Already a text, or octets, which Fastify sends unchanged.
}
