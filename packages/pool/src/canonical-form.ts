// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SignedTexts } from './claim.ts';

const TITLE = 'sentrypeer-event-1';

/**
 * The octets that are signed for an event: UTF-8, one string per line, each line ended by a line feed. Only the last
 * string, the message, can contain a line feed, so different claims never have the same octets. The network's id is
 * among them, so a claim from a closed network cannot be repeated in another.
 */
export function canonicalForm(network: number, texts: SignedTexts): Uint8Array {
  return lines([
    TITLE,
    String(network),
    texts.eventTimestamp,
    texts.eventUuid,
    texts.nodeId,
    texts.collectedMethod,
    texts.transportType,
    texts.sourceIp,
    texts.destinationIp,
    texts.calledNumber,
    texts.sipMethod,
    texts.userAgent,
    texts.grade,
    texts.sipMessage,
  ]);
}

/** A canonical form: a title that says what it is, then strings. */
export function lines(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(texts.map((text) => `${text}\n`).join(''));
}
