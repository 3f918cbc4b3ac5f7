// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  isOnlyCode,
  isWide,
  likelySlip,
  parseAllowed,
  spellings,
  type Allowance,
  type Allowed,
} from './allowance.ts';
export { Blocked, type Block } from './blocked.ts';
export { addressVerdict } from './address-verdict.ts';
export {
  DESTINATION_CLASSES,
  destinationClass,
  isCostly,
  type DestinationClass,
} from './destination.ts';
export type {
  AddressEvidence,
  Delisting,
  ListedPart,
  NumberEvidence,
  ProvedCalls,
  RangeEvidence,
} from './evidence.ts';
export { type FleetWord } from './fleet-word.ts';
export { Judge } from './judge.ts';
export type {
  AddressJudgement,
  EvidenceSource,
  Judgement,
  JudgePorts,
  NumberJudgement,
  Question,
  Standing,
} from './judgement.ts';
export { meantRange } from './meant-range.ts';
export { NeverListed, type NeverListedOptions } from './never-listed.ts';
export {
  DEFAULT_POLICY,
  parsePolicyChange,
  POLICY_RULES,
  policyOf,
  type Policy,
  type PolicyName,
} from './policy.ts';
export type { Subject } from '@sentrypeer/event';
export { NEVER_BLOCKED } from './number-judge.ts';
export { toolOf } from './tool.ts';
export { numberVerdict } from './number-verdict.ts';
export { rangeVerdict } from './range-verdict.ts';
export { levelRank, notListed, type Level, type Verdict } from './verdict.ts';
export { type PoolVoice } from './independent-votes.ts';
export { hasQuorum, quorumOf, type PoolSaid, type PoolStanding } from './votes.ts';
