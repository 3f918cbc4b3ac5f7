// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ComponentChildren } from 'preact';

/** A table that scrolls if it is wider than its place; an empty head is for buttons. */
export function Table({
  label,
  heads,
  children,
}: {
  readonly label: string;
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
}) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {heads.map((head) =>
              head === '' ? (
                <th key={head} scope="col">
                  <span class="hidden">Your decision</span>
                </th>
              ) : (
                <th key={head} scope="col">
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
