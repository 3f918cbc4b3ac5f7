// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { signal } from '@preact/signals';

/** What the node answered, or why it did not. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly why: string };

/** The node could not be reached, or its answer not read. */
export const UNREACHABLE = 0;

/** Counts answers which say that the user has no key, or no longer one. */
export const refusals = signal(0);

/** Reads JSON from this node. The types are what its OpenAPI document promises. */
export function ask<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  return answerTo<T>(path, {
    headers: { Accept: 'application/json' },
    cache: 'no-cache',
    ...(signal && { signal }),
  });
}

/** Changes something at this node. @param token Of the session, if there is one. */
export function send<T>(
  method: 'POST' | 'DELETE',
  path: string,
  token: string | undefined,
  body: Readonly<Record<string, unknown>> | undefined,
): Promise<Answer<T>> {
  return answerTo<T>(path, {
    method,
    headers: {
      Accept: 'application/json',
      ...(token !== undefined && { 'X-CSRF-Token': token }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function answerTo<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(path, init);
    if (!response.ok) return await refusalOf(response, init);
    const body: unknown = response.status === 204 ? undefined : await response.json();
    return { ok: true, value: body as T };
  } catch (error) {
    // An answer may also end in the middle, as when the view that asked is left.
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, status: UNREACHABLE, why };
  }
}

async function refusalOf(response: Response, init: RequestInit): Promise<Answer<never>> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.status === 401 && init.method === undefined) refusals.value += 1;
  return { ok: false, status: response.status, why: whyOf(body) ?? `HTTP ${response.status}` };
}

function whyOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const told = body as Readonly<Record<string, unknown>>;
  for (const name of ['detail', 'error_description', 'error', 'message']) {
    const text = told[name];
    if (typeof text === 'string') return text;
  }
  return undefined;
}

/** A path with the parameters that have a value. */
export function pathOf(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
