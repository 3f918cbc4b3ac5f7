// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { computed, effect, signal } from '@preact/signals';
import { ask, refusals, send, type Answer } from '../ask/ask.ts';
import { SESSION_RETRY_MS } from '../limits.ts';

/** The signed-in user. */
interface Session {
  /** Name of the key. */
  readonly name: string;
  readonly role: 'read' | 'admin';
  /** Sent with every change, so that no page of another site can make one. */
  readonly token: string;
}

interface Standing {
  readonly key_required: boolean;
  readonly session: Session | null;
}

const SESSION_PATH = '/v1/session';

const standing = signal<Answer<Standing> | undefined>(undefined);

/** The signed-in user; `undefined` if there is none. */
export const session = computed(() =>
  standing.value?.ok === true ? (standing.value.value.session ?? undefined) : undefined,
);
/** Whether the user may change something. */
export const isAdmin = computed(() => session.value?.role === 'admin');
/** What the page may do: read, sign in first, or nothing yet. */
export const access = computed((): 'reading' | 'needs-key' | 'asking' | 'trouble' => {
  const known = standing.value;
  if (known === undefined) return 'asking';
  if (!known.ok) return 'trouble';
  return known.value.key_required && known.value.session === null ? 'needs-key' : 'reading';
});
/** Why the node does not say who is signed in. */
export const sessionTrouble = computed(() =>
  standing.value?.ok === false ? standing.value : undefined,
);

let isAsking = false;
/** How many times somebody signed in or out here: answers to earlier questions are out of date. */
let changesCount = 0;

/** Asks the node who is signed in, repeatedly until it answers. */
export async function knowSession(): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  const before = changesCount;
  const answer = await ask<Standing>(SESSION_PATH);
  isAsking = false;
  if (changesCount !== before) return;
  // While the node is away, the page shows what it has.
  if (answer.ok || standing.peek()?.ok !== true) standing.value = answer;
  if (!answer.ok) setTimeout(() => void knowSession(), SESSION_RETRY_MS);
}

/** @returns Why it failed; `undefined` if it worked. */
export async function signIn(key: string): Promise<string | undefined> {
  const answer = await change<Standing>('POST', SESSION_PATH, { key });
  if (!answer.ok) return answer.why;
  changesCount += 1;
  standing.value = answer;
  return undefined;
}

export async function signOut(): Promise<void> {
  const answer = await change('DELETE', SESSION_PATH);
  const known = standing.peek();
  if (answer.ok && known?.ok === true) {
    changesCount += 1;
    standing.value = { ok: true, value: { ...known.value, session: null } };
  } else await knowSession();
}

/** Changes something at the node for the signed-in user. */
export function change<T>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<Answer<T>> {
  return send<T>(method, path, session.peek()?.token, body);
}

// A session may end while the page is open: it expires, its key is removed, or the node restarts.
effect(() => {
  if (refusals.value > 0) void knowSession();
});
