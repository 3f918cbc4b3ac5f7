// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { isWide, likelySlip, parseAllowed, type Allowance, type Allowed } from './allowance.ts';
export {
  sinceDelisting,
  type AddressEvidence,
  type Delisting,
  type NumberEvidence,
} from './evidence.ts';
export {
  Judge,
  type EvidenceSource,
  type Judgement,
  type JudgePorts,
  type NumberJudgement,
  type Question,
  type Subject,
} from './judge.ts';
export { NeverListed, type NeverListedOptions } from './never-listed.ts';
export {
  DEFAULT_POLICY,
  parsePolicyChange,
  POLICY_RULES,
  policyOf,
  type Policy,
  type PolicyName,
} from './policy.ts';
export { toolOf } from './tool.ts';
export { addressVerdict, notListed, numberVerdict, type Verdict } from './verdict.ts';
