// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readSources } from './sources.ts';

/** What operators want to know; the rest of the document is for those who change the sources. */
const FOR_OPERATORS = `# Limits

Made from the \`limits.ts\` files by \`npm run docs\`.

## For operators

Everything that comes from outside is limited. You can change these limits, each with an option of [options.md](options.md):

| what grows | option | what happens at the limit |
|---|---|---|
| the database | \`--db-size-max\`, \`--retention-days\` | the oldest rows are removed and subtracted from the totals |
| the disk | \`--db-free-min\` | the oldest rows are removed; if none are left, nothing more is recorded, messages are counted as dropped, and the log says so |
| events that a webhook still has to get | \`--webhook-backlog-max\` | the oldest are removed and counted as expired |
| connections over TCP and TLS | \`--max-connections\` | the connection without a message for the longest time is closed and recorded, and the new one takes its place |
| connections over TCP and TLS from one source | \`--max-connections-per-source\` | a connection is refused and recorded |
| answers over UDP | \`--reply-rate\`, \`--reply-burst\`, \`--reply-bandwidth\` | the request is recorded but not answered |
| requests to the API | \`--api-rate\` | 429 with \`Retry-After\` |
| what is shared per day | \`--share-budget\` | later events of the day are not shared |

When a limit is reached, a line in the log says so the first time, and \`/metrics\` counts every time. All other limits
below are fixed. If one of them is in your way, open an issue with its name and what you run.
`;

const CONSTANT = /export const ([A-Za-z0-9_]+)(?:: [^=]+)? =\s*([^;]+);/g;
/** A comment, and the constants that it explains: those that follow without a comment of their own. */
const EXPLAINED = new RegExp(
  String.raw`/\*\*((?:[^*]|\*(?!/))*)\*/\s*((?:${CONSTANT.source}\s*)+)`,
  'g',
);

/** docs/limits.md: every exported constant of every `limits.ts`, with its value and its reason. */
export function formatLimits(): string {
  const parts = [FOR_OPERATORS];
  for (const { path, text } of readSources('{packages/*,daemon}/src/**/limits.ts')) {
    parts.push(`## ${path}`, '', '| limit | value | meaning and reason |', '|---|---|---|');
    for (const [, comment = '', constants = ''] of text.matchAll(EXPLAINED)) {
      const reason = comment
        .replace(/\s*\n\s*\* ?/g, ' ')
        .trim()
        .replaceAll('|', '\\|');
      const found = [...constants.matchAll(CONSTANT)];
      const names = found.map(([, name]) => `\`${name}\``);
      const values = found.map(([, , value = '']) => `\`${value.replace(/\s+/g, ' ').trim()}\``);
      parts.push(`| ${names.join(', ')} | ${values.join(', ')} | ${reason} |`);
    }
    parts.push('');
  }
  return parts.join('\n');
}
