// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Loaded before the test files of the gate: property tests get the same inputs in each run of the same sources, so that
 * a failure is due to a change. Everywhere else they get different inputs each time, and a failing one prints its seed.
 */

import fc from 'fast-check';

fc.configureGlobal({ seed: 1 });
