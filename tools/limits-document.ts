// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readSources } from './sources.ts';

/** docs/limits.md: every exported constant of every `limits.ts`, with its value and its reason. */
export function formatLimits(): string {
  const parts = ['# Limits', '', 'Made from the `limits.ts` files by `npm run docs`.', ''];
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
