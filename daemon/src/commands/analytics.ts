// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Command } from './command.ts';
import { refuseMore } from './words.ts';

const PREVIEW: Command = {
  name: 'analytics preview',
  form: '',
  doc: 'Print the summary of the last day (UTC), exactly as `--analytics-summary` would send it, and send nothing. Standard error says more, with the code that `--analytics-seen` wants.',
  examples: [
    [
      'analytics preview --analytics-summary https://stats.example/sentrypeer',
      'Print what this address would get each day.',
    ],
  ],
  prepare: ({ words }) => {
    refuseMore(words, 'analytics preview');
    return async ({ config, clock }) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { formatSummary, lastDay, seenCode } =
        await import('../services/analytics/day-summary.ts');
      const { SUMMARY_HEADERS } = await import('../services/analytics/summary-sender.ts');
      using log = StoreReader.look(config.dbFile);
      const text = formatSummary(log.rates, lastDay(clock.epochUs()));
      const { analyticsSummary: url, analyticsSeen: seen, analytics: isOn } = config;
      const headers = Object.entries(SUMMARY_HEADERS).map(([name, value]) => `${name}: ${value}`);
      const where =
        url === undefined
          ? 'Nothing is sent: --analytics-summary URL would post this once a day, after midnight UTC.\n'
          : `This is posted once a day, after midnight UTC, to ${url.origin}${url.pathname}, with ${headers.join(', ')}.\n`;
      return {
        text,
        json: { sent: JSON.parse(text), code: url === undefined ? null : seenCode(url) },
        remark: `${where}${url === undefined ? '' : nextStep(isOn, seen === seenCode(url), seenCode(url))}`,
      };
    };
  },
};

function nextStep(isOn: boolean, isSeen: boolean, code: string): string {
  if (isOn && isSeen) return 'It is on. To end it, leave --analytics-summary out.\n';
  return `It is not sent yet. If you agree: --analytics --analytics-seen=${code}\n`;
}

export const ANALYTICS: readonly Command[] = [PREVIEW];
