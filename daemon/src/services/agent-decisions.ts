// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AgentDecision } from '@sentrypeer/redirect';
import { AGENT_DECISIONS_MAX } from '../limits.ts';

/** A decision with its place in the order in which they were made, 1 and above since the start. */
export interface NumberedDecision extends AgentDecision {
  readonly id: number;
}

/** The agent's latest decisions, for those who follow them; decisions not read in time are gone. */
export class AgentDecisions {
  readonly #ring: NumberedDecision[] = [];
  #newestId = 0;
  #onAdded: () => void = () => undefined;

  /** The id of the latest decision; 0 before the first. */
  get newestId(): number {
    return this.#newestId;
  }

  add(decisions: readonly AgentDecision[]): void {
    for (const decision of decisions) {
      this.#newestId += 1;
      this.#ring[this.#newestId % AGENT_DECISIONS_MAX] = { ...decision, id: this.#newestId };
    }
    this.#onAdded();
  }

  /** Decisions after `afterId` that are still kept, oldest first; an id of another run counts as before all of them. */
  after(afterId: number, limit: number): readonly NumberedDecision[] {
    const oldestId = Math.max(1, this.#newestId - AGENT_DECISIONS_MAX + 1);
    const firstId = Math.max(oldestId, afterId > this.#newestId ? 1 : afterId + 1);
    const found: NumberedDecision[] = [];
    for (let id = firstId; id <= this.#newestId && found.length < limit; id += 1) {
      const decision = this.#ring[id % AGENT_DECISIONS_MAX];
      if (decision !== undefined) found.push(decision);
    }
    return found;
  }

  /** Registers the one listener for new decisions. */
  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }
}
