// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { styleText } from 'node:util';

/** Gives a text a style on terminals that support it, and leaves it unchanged elsewhere. */
export type Paint = (style: PaintStyle, text: string) => string;

export type PaintStyle = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** The target of text, as far as colour is concerned. */
interface ColourTarget {
  readonly isTTY?: boolean | undefined;
  /** Whether it shows 16 colours; also considers the environment (NO_COLOR, TERM). */
  hasColors?(): boolean;
}

/** @param choice The value of `--color`. */
export function paintFor(choice: 'auto' | 'always' | 'never', target: ColourTarget): Paint {
  const isColoured =
    choice === 'always' ||
    (choice === 'auto' && target.isTTY === true && target.hasColors?.() === true);
  return isColoured ? (style, text) => styleText(style, text, { validateStream: false }) : plain;
}

function plain(_: PaintStyle, text: string): string {
  return text;
}
