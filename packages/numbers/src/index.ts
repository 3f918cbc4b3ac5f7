// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { blockPrefix, blocksOf } from './blocks.ts';
export { isEmergencyName, isTooLong } from './dialled.ts';
export { CANDIDATES_COUNT_MAX } from './limits.ts';
export {
  NumberingPlans,
  type HomePlan,
  type NumberType,
  type PlannedNumber,
} from './numbering-plans.ts';
export { readNumber, readQuestion, type Candidate, type Reading } from './reading.ts';
export { settle, type Settled } from './settle.ts';
