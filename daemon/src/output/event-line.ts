// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NOT_FOUND, type RecordedEvent } from '@sentrypeer/event';
import { EVENT_LINE_FIELD_CHARACTERS_MAX } from '../limits.ts';
import { escapeText } from './escape-text.ts';
import type { Paint, PaintStyle } from './paint.ts';

const METHOD_STYLES: ReadonlyMap<string, PaintStyle> = new Map([
  ['INVITE', 'red'],
  ['REGISTER', 'yellow'],
  ['OPTIONS', 'cyan'],
]);

/** One event in one line for a person: when, who, what, which number, with what program, how sure the source is. */
export function formatEventLine(event: RecordedEvent, paint: Paint): string {
  const { sourceIp, sourcePort, sipMethod, calledNumber, userAgent, transportType, grade } = event;
  const method = field(sipMethod === NOT_FOUND ? '-' : sipMethod);
  const address = sourceIp.includes(':') ? `[${field(sourceIp)}]` : field(sourceIp);
  const parts = [
    paint('dim', event.eventTimestamp.slice(0, 19)),
    paint('bold', `${address}${sourcePort === undefined ? '' : `:${sourcePort}`}`.padEnd(21)),
    transportType,
    paint(METHOD_STYLES.get(sipMethod) ?? 'green', method.padEnd(8)),
    calledNumber === NOT_FOUND ? '-' : paint('bold', field(calledNumber)),
    ...(userAgent === NOT_FOUND ? [] : [`"${field(userAgent)}"`]),
    paint('dim', event.isHearsay === true ? 'hearsay' : (grade ?? '')),
  ];
  return `${parts.join('  ')}\n`;
}

function field(text: string): string {
  return escapeText(text, EVENT_LINE_FIELD_CHARACTERS_MAX);
}
