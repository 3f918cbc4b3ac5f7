// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { POLICY_RULES } from '../packages/verdict/src/index.ts';

/** `1 network`, `1 day`: the units of the table are plural. */
function singular(unit: string): string {
  return unit.endsWith('s') ? unit.slice(0, -1) : unit;
}

/** docs/policy.md: every line of the policy with its default and range. */
export function formatPolicy(): string {
  const lines = Object.entries(POLICY_RULES).map(
    ([name, { value, unit, min, max, doc }]) =>
      `| \`${name}\` | ${value} ${value === 1 ? singular(unit) : unit} | ${min} to ${max} | ${doc} |`,
  );
  return [
    '# Policy',
    '',
    'How evidence becomes a score, and which score is listed; docs/verdicts.md explains it. Generated from',
    '`packages/verdict/src/policy.ts` by `npm run docs`.',
    '',
    '| line | default | range | meaning |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}
