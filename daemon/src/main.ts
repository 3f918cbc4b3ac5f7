// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Where the program begins. Signals come first, alone, which takes no time: from there on none of them ends us
 * unhandled.
 */

import './signals.ts';

await import('./program.ts');
