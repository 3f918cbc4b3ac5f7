// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Explanation } from '../api-types.ts';
import { isNever } from '../text/time.ts';
import { Level, Panel, Time } from './pieces.tsx';

const VERDICTS: Readonly<Record<Explanation['verdict'], string>> = {
  listed: 'Known bad: refused by everything that follows this node.',
  watch: 'Watched: told of, and let through.',
  unproved: 'It was claimed as a source, but may be forged, so it is not listed.',
  unknown: 'Nothing that counts is known of it.',
};

type Explained = NonNullable<Explanation['number'] | Explanation['address']>;

/** The verdict on an address or a number, why, and what would change it. */
export function Verdict({
  explanation,
  explained,
}: {
  readonly explanation: Explanation;
  readonly explained: Explained | null;
}) {
  const { level, score, reasons, verdict } = explanation;
  return (
    <Panel title="Verdict" side={<Level level={level} />}>
      <div class="verdict">
        <p>
          {VERDICTS[verdict]} <span class="muted">Score {score} of 100.</span>
        </p>
        {reasons.length > 0 && (
          <ul>
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
        {explained?.since != null && (
          <p>
            Listed since <Time at={explained.since} />.
          </p>
        )}
        {explained?.until != null && !isNever(explained.until) && (
          <p>
            Without more it ends <Time at={explained.until} />.
          </p>
        )}
        {explained !== null && explained.unlist.length > 0 && (
          <details>
            <summary>What would end it now</summary>
            <p>
              Bodies for <code>POST /v1/decisions</code>, with a key of the role admin:
            </p>
            <ul>
              {explained.unlist.map((body) => (
                <li key={body}>
                  <code>{body}</code>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </Panel>
  );
}
