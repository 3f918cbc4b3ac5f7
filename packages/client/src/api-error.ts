// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A refusal by the node, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;

  /** @param detail What was wrong and what would be right. */
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}
