// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IMPORT_LINE_CHARACTERS_MAX } from './limits.ts';

/** Encodings by the octets with which a text begins; those of UTF-16 also without a byte order mark, before ASCII. */
const ENCODINGS: readonly (readonly [encoding: string, begins: (octets: Uint8Array) => boolean])[] =
  [
    ['utf-16le', ([first, second]) => first === 0xff && second === 0xfe],
    ['utf-16be', ([first, second]) => first === 0xfe && second === 0xff],
    ['utf-16le', ([first, second]) => first !== 0 && second === 0],
    ['utf-16be', ([first, second]) => first === 0 && second !== 0 && second !== undefined],
  ];

/**
 * The lines of a text in UTF-8 or UTF-16, which end with LF and nothing else: other characters that break lines are
 * part of what an attacker sent. A CR before the LF stays, because it may be within a quoted field.
 *
 * @returns `undefined` in the place of a line that is too long, so that memory stays bounded.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string | undefined> {
  let decoder: TextDecoder | undefined;
  let rest = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk));
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    parts[0] = rest + parts[0];
    rest = parts.pop() ?? '';
    for (const part of parts) {
      yield isTooLong ? undefined : part;
      isTooLong = false;
    }
    isTooLong ||= rest.length > IMPORT_LINE_CHARACTERS_MAX;
    if (isTooLong) rest = '';
  }
  rest += decoder?.decode() ?? '';
  if (isTooLong) yield undefined;
  else if (rest !== '') yield rest;
}

function encodingOf(octets: Uint8Array): string {
  return ENCODINGS.find(([, begins]) => begins(octets))?.[0] ?? 'utf-8';
}
