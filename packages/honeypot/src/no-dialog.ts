// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { type Answer, plainAnswer, type Request, SILENT } from './request.ts';
import type { WornPersona } from './worn-persona.ts';

/** RFC 3261 §12.2.2: the request belongs to a dialog or transaction that is not ours. */
export function noDialog(request: Request<unknown>, worn: WornPersona): Answer {
  const answers = worn.persona.methods.noDialog;
  const method = request.message.method ?? '';
  const said = answers.get(method) ?? answers.get('other') ?? { status: 481 };
  if (said === 'silence') return SILENT;
  // Transactions belong to the stack below, sessions to the product.
  const isOfStack = method === 'CANCEL' || method === 'PRACK';
  return plainAnswer(said, [], isOfStack ? 'stack' : 'usual');
}
