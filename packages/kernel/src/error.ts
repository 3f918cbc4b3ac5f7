// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * The world failed us: a port is taken, a disk is full. `code` is stable and documented in docs/errors.md; `message`
 * tells a person what was wrong and what would be right.
 */
export class OperatingError extends Error {
  override readonly name = 'OperatingError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
