// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  Agent,
  type AgentOptions,
  type AgentPorts,
  type Answer,
  type AgentDecision,
  type Outcome,
} from './agent.ts';
export type { Asked } from './ask.ts';
export { parseDestination, type Destination } from './destination.ts';
export { REFUSALS, type Refusal } from './refusal.ts';
