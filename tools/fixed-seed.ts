// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Loaded before the test files of the gate: properties meet the same inputs in each run of the same sources, so that a
 * red run is about what was changed. Everywhere else they meet others each time, and one that fails prints its seed.
 */

import fc from 'fast-check';

fc.configureGlobal({ seed: 1 });
