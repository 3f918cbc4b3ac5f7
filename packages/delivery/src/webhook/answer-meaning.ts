// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { DEAD_LETTER_REASON_CHARACTERS_MAX, RETRY_AFTER_MS_MAX } from '../limits.ts';
import type { Posted } from './http-poster.ts';

/** What an answer means for the events that were posted. */
export type AnswerMeaning =
  | { readonly kind: 'accepted' }
  /** Never to be sent again automatically. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      /** The refusal concerns the body, so it may apply to only some of several events. */
      readonly isAboutContents: boolean;
    }
  | { readonly kind: 'unauthorized'; readonly error: OperatingError }
  /** Try again; `retryAfterMs` is what the endpoint asked for. */
  | {
      readonly kind: 'failed';
      readonly error: OperatingError;
      readonly retryAfterMs: number | undefined;
    };

/**
 * 4xx statuses that may be different next time: a proxy's refusal, timeout, too early, too many (RFC 9110 §15.5, 6585
 * §4, 8470 §5.2).
 */
const PASSING = new Set([407, 408, 425, 429]);
/** Statuses that are about the body: it is wrong, or too large. */
const ABOUT_CONTENTS = new Set([400, 413, 422]);

/** @param epochMs Wall-clock milliseconds, for a `Retry-After` that is a date. */
export function meaningOf(posted: Posted, epochMs: number): AnswerMeaning {
  if (posted.kind === 'failed') return failed(connectionError(posted.code));
  const { status, retryAfter, text } = posted;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 401 || status === 403) {
    return {
      kind: 'unauthorized',
      error: new OperatingError(
        'webhook_unauthorized',
        `it answered ${status}: check the key, token or header that it asks for`,
      ),
    };
  }
  if (status >= 400 && status < 500 && !PASSING.has(status)) {
    if (status === 422 && isKnownAlready(text)) return { kind: 'accepted' };
    const reason = `${status} ${text}`.trim().slice(0, DEAD_LETTER_REASON_CHARACTERS_MAX);
    return { kind: 'refused', reason, isAboutContents: ABOUT_CONTENTS.has(status) };
  }
  const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, epochMs);
  return failed(statusError(status), retryAfterMs);
}

function failed(error: OperatingError, retryAfterMs?: number): AnswerMeaning {
  return { kind: 'failed', error, retryAfterMs };
}

function statusError(status: number): OperatingError {
  if (status === 429) {
    return new OperatingError('webhook_busy', 'it answered 429: it asks for fewer requests');
  }
  if (status === 407) {
    const what = 'a proxy answered 407: check the name and password in HTTP_PROXY';
    return new OperatingError('webhook_status', what);
  }
  const hint =
    status >= 300 && status < 400 ? ': redirects are not followed, name the new address' : '';
  return new OperatingError('webhook_status', `it answered ${status}${hint}`);
}

function connectionError(code: string): OperatingError {
  if (code === 'timeout') {
    return new OperatingError('webhook_timeout', 'it did not answer in time');
  }
  if (isAboutCertificate(code)) {
    return new OperatingError(
      'webhook_certificate',
      `its certificate is not trusted (${code}); name a private authority with --webhook-ca-file or ca_file`,
    );
  }
  if (code.startsWith('HPE_')) {
    return new OperatingError('webhook_answer', `its answer is not HTTP (${code})`);
  }
  return new OperatingError('webhook_unreachable', `it cannot be reached (${code})`);
}

function isAboutCertificate(code: string): boolean {
  return (
    code.includes('CERT') ||
    code.startsWith('UNABLE_TO_') ||
    code.startsWith('ERR_TLS_') ||
    code.startsWith('CRL_')
  );
}

/** SentryPeerHQ refuses an event that it already has, which means that an earlier attempt arrived. */
function isKnownAlready(text: string): boolean {
  try {
    const { errors } = JSON.parse(text) as { readonly errors?: unknown };
    if (typeof errors !== 'object' || errors === null) return false;
    const fields = Object.entries(errors);
    return (
      fields.length > 0 &&
      fields.every(
        ([name, messages]) =>
          (name === 'event_uuid' || name === 'event_timestamp') &&
          JSON.stringify(messages).includes('taken'),
      )
    );
  } catch {
    return false; // Not JSON: an ordinary refusal.
  }
}

/** Seconds or a date, RFC 9110 §10.2.3. @returns Milliseconds from now; `undefined` if it is neither. */
function parseRetryAfter(text: string, epochMs: number): number | undefined {
  const trimmed = text.trim();
  const ms = /^[0-9]{1,9}$/.test(trimmed) ? Number(trimmed) * 1000 : Date.parse(trimmed) - epochMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}
