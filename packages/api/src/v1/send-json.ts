// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendText } from '../send-text.ts';
import type { Json } from './entries.ts';
import { safeJson } from './safe-json.ts';

export function sendJson(
  call: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  value: Json,
): void {
  sendText(call.request, call.reply, 'application/json', safeJson(value));
}
