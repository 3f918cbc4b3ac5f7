// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyReply, FastifyRequest } from 'fastify';
import { terminalSafeJson } from '@sentrypeer/kernel';
import { sendText } from '../send-text.ts';
import type { Json } from './entries.ts';

export function sendJson(
  call: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  value: Json,
): void {
  sendText(call.request, call.reply, 'application/json', safeJson(value));
}

/** JSON whose texts of anybody's change nothing on a terminal. */
export function safeJson(value: Json): string {
  return terminalSafeJson(JSON.stringify(value));
}
