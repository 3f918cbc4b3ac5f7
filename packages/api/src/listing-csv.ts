// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listed } from './feed.ts';
import { rfc3339 } from './rfc3339.ts';

/** @param subject The name of the first column. */
export function csvHead(subject: string): string {
  return `${subject},grade,seen_count,first_seen,last_seen,level,score,since,until,reasons\r\n`;
}

/** One entry as a line of RFC 4180. Only the reasons can contain a quote, a comma or a line break. */
export function csvLine(subject: string, entry: Listed): string {
  const fields = [
    subject,
    entry.grade,
    entry.eventsCount,
    rfc3339(entry.firstSeenEpochUs),
    rfc3339(entry.lastSeenEpochUs),
    entry.level,
    entry.score,
    rfc3339(entry.sinceEpochUs),
    rfc3339(entry.untilEpochUs),
    `"${entry.reasons.join('; ').replaceAll('"', '""')}"`,
  ];
  return `${fields.join(',')}\r\n`;
}
