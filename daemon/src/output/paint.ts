// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { styleText } from 'node:util';

/** Gives a text a style on a terminal that shows it, and leaves it as it is elsewhere. */
export type Paint = (style: PaintStyle, text: string) => string;

export type PaintStyle = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Where text goes, as far as colour is concerned. */
interface ColourTarget {
  readonly isTTY?: boolean | undefined;
  /** Whether it shows 16 colours; the environment (NO_COLOR, TERM) has its say in it. */
  hasColors?(): boolean;
}

/** @param choice What `--color` says. */
export function paintFor(choice: 'auto' | 'always' | 'never', target: ColourTarget): Paint {
  const isColoured =
    choice === 'always' ||
    (choice === 'auto' && target.isTTY === true && target.hasColors?.() === true);
  return isColoured ? (style, text) => styleText(style, text, { validateStream: false }) : plain;
}

function plain(_: PaintStyle, text: string): string {
  return text;
}
