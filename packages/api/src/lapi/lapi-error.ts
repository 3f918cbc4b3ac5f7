// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyReply } from 'fastify';

/** An error in the format that CrowdSec's bouncers read: without `message` they crash. */
export function sendLapiError(reply: FastifyReply, status: number, message: string): void {
  const text = JSON.stringify({ message });
  reply
    .code(status)
    .type('application/json')
    .serializer(() => text)
    .send(text);
}
