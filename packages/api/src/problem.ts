// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { terminalSafeJson } from '@sentrypeer/kernel';

/** Says what was wrong and what would be right, RFC 9457. */
export function sendProblem(reply: FastifyReply, status: number, detail: string): void {
  const body = terminalSafeJson(
    JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }),
  );
  reply
    .code(status)
    .type('application/problem+json')
    .serializer(() => body)
    .send(body);
}
