// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { signal } from '@preact/signals';
import type { Answer } from '../ask/ask.ts';
import { change } from './session.ts';

/** Counts the decisions made here, so that views showing them are refreshed. */
export const decided = signal(0);

/** What an operator says about something: `POST /v1/decisions`. */
export type DecisionBody =
  | { readonly allow: string; readonly comment: string; readonly until?: string }
  | { readonly block: string; readonly comment: string; readonly until?: string }
  | { readonly delist: string; readonly comment: string }
  | { readonly disallow: string }
  | { readonly unblock: string };

export async function decide(decision: DecisionBody): Promise<Answer<undefined>> {
  const answer = await change<undefined>('POST', '/v1/decisions', decision);
  decided.value += 1;
  return answer;
}
