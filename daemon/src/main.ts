// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Where the program begins. Signals alone first, which takes no time: from there on none of them ends us by itself. */

import './signals.ts';

await import('./program.ts');
