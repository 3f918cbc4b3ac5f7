// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { REFUSED_TEXT_CHARACTERS_MAX } from '../limits.ts';
import { escapeText } from '../output/escape-text.ts';

const CODE = 'option_refused';

/** What the operator asked for is impossible: one line that says what was wrong and what would be right. */
export function refusal(message: string, options?: ErrorOptions): OperatingError {
  return new OperatingError(CODE, message, options);
}

/** Whether an error is a {@link refusal}, and not a bug. */
export function isRefusal(error: unknown): error is OperatingError {
  return error instanceof OperatingError && error.code === CODE;
}

/** Text from the operator inside a message: quoted, on one line, shortened. */
export function quoted(text: string): string {
  return `"${escapeText(text, REFUSED_TEXT_CHARACTERS_MAX)}"`;
}
