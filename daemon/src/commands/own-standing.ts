// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyState, PoolReader } from '@sentrypeer/store';
import type { CommandContext } from './command.ts';
import { utc } from './text.ts';

/** Whether other nodes of the pool accept what this one says. */
export interface OwnStanding {
  readonly keyState: KeyState;
  /** Wall-clock microseconds before which they accept nothing, because of its clock; `undefined` if they do. */
  readonly aheadUntilUs: number | undefined;
  /** What the operator should know about it: a title and a sentence for each thing. */
  readonly troubles: readonly (readonly [title: string, text: string])[];
}

export async function ownStanding(
  pool: PoolReader,
  { config, clock }: Pick<CommandContext, 'config' | 'clock'>,
): Promise<OwnStanding> {
  const { aheadUntil } = await import('../services/pool/check-page.ts');
  const { KEY_ENDED } = await import('../services/pool/own-pages.ts');
  const { nodeIdIn } = await import('../identity.ts');
  // A user who may read the database may still not read the key.
  const nodeId = (await nodeIdIn(config.identityFile)) ?? pool.lastOwnNodeId();
  if (nodeId === undefined) return { keyState: 'alive', aheadUntilUs: undefined, troubles: [] };
  const keyState = pool.keyState(nodeId);
  const aheadUntilUs = keyState === 'alive' ? aheadUntil(pool, nodeId, clock) : undefined;
  const troubles: (readonly [string, string])[] = [];
  if (keyState !== 'alive') {
    troubles.push([
      'Ended',
      `the key of this node: other nodes accept nothing from it. ${sentence(KEY_ENDED[keyState])}`,
    ]);
  }
  if (aheadUntilUs !== undefined) {
    troubles.push([
      'Ahead',
      `the pages of this node: its clock is behind, or was ahead when it wrote them. Other nodes accept none before ${utc(aheadUntilUs)}, or until this one writes them again, at most a day after its clock was put right`,
    ]);
  }
  return { keyState, aheadUntilUs, troubles };
}

/** The same for a command that answers something else. */
export function remarkOn(troubles: OwnStanding['troubles']): { readonly remark?: string } {
  if (troubles.length === 0) return {};
  return { remark: troubles.map(([title, text]) => `${title}: ${text}.\n`).join('') };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
