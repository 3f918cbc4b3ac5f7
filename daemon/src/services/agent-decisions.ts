// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AgentDecision } from '@sentrypeer/redirect';
import { AGENT_DECISIONS_MAX } from '../limits.ts';

/** A decision with its place in the order in which they were made, 1 and above since the start. */
export interface NumberedDecision extends AgentDecision {
  readonly id: number;
}

/** The agent's last decisions, for those who follow them; what nobody took in time is gone. */
export class AgentDecisions {
  readonly #ring: NumberedDecision[] = [];
  #newestId = 0;
  #onAdded: () => void = () => undefined;

  /** The last one that was made; 0 before the first. */
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

  /** Those after `afterId` that are still kept, oldest first; an id of another run is before all. */
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

  /** Tells one listener of more. */
  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }
}
