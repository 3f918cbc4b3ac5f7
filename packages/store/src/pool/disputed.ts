// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** SQL for whether the operator allowed or delisted a subject. @param subject An expression. */
export function isDisputed(subject: string): string {
  return `(EXISTS (SELECT 1 FROM allowance WHERE value IN (${subject}, '+' || ${subject}))
    OR EXISTS (SELECT 1 FROM delisting WHERE kind IN ('address', 'number') AND value = ${subject}))`;
}
