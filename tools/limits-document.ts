// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readSources } from './sources.ts';

/** What an operator wants to know of it; the rest of the document is for who changes the sources. */
const FOR_OPERATORS = `# Limits

Made from the \`limits.ts\` files by \`npm run docs\`.

## For operators

Everything that comes from outside is bounded. These bounds you can move; each has its line in [options.md](options.md):

| what grows | option | beyond it |
|---|---|---|
| the database | \`--db-size-max\`, \`--retention-days\` | the oldest rows go, with their part of the totals |
| the disk | \`--db-free-min\` | nothing more is recorded, messages are counted as dropped, and the log says so |
| events that a webhook still has to get | \`--webhook-backlog-max\` | the oldest go, and are counted as expired |
| connections over TCP and TLS | \`--max-connections\`, \`--max-connections-per-source\` | a connection is refused, and recorded as evidence |
| answers over UDP | \`--reply-rate\`, \`--reply-burst\`, \`--reply-bandwidth\` | we stay silent, and record all the same |
| requests to the API | \`--api-rate\` | 429 with \`Retry-After\` |
| what is shared in a day | \`--share-budget\` | later events of the day are not shared |

What you see when a bound is met: a line in the log the first time, a count in \`/metrics\` each time. All other bounds below are fixed. Where one is in your way, say so in an issue, with the
name of the limit and what you run.
`;

/** docs/limits.md: every exported constant of every `limits.ts`, with its value and its reason. */
export function formatLimits(): string {
  const parts = [FOR_OPERATORS];
  for (const { path, text } of readSources('{packages/*,daemon}/src/**/limits.ts')) {
    parts.push(`## ${path}`, '', '| limit | value | meaning and reason |', '|---|---|---|');
    for (const match of text.matchAll(
      /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*export const ([A-Za-z0-9_]+)(?:: [^=]+)? =\s*([^;]+);/g,
    )) {
      const [, comment = '', name = '', value = ''] = match;
      const reason = comment
        .replace(/\s*\n\s*\* ?/g, ' ')
        .trim()
        .replaceAll('|', '\\|');
      parts.push(`| \`${name}\` | \`${value.replace(/\s+/g, ' ').trim()}\` | ${reason} |`);
    }
    parts.push('');
  }
  return parts.join('\n');
}
