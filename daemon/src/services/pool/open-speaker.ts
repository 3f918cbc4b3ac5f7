// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import type { PoolReader, StoreReader } from '@sentrypeer/store';
import type { Config } from '../../config/config.ts';
import type { Stage } from '../../demo/stage.ts';
import type { Identity } from '../../identity.ts';
import { judgeOptions } from '../../open-engine.ts';
import type { Speaker } from './speaker.ts';

export interface OpenSpeakerPorts {
  readonly log: StoreReader;
  readonly pool: PoolReader;
  readonly identity: Identity;
  readonly clock: Clock;
}

/**
 * The numbering plans take some MiB, so it is opened only when there may be something to say. Throws `OperatingError`.
 */
export async function openSpeaker(
  { log, pool, identity, clock }: OpenSpeakerPorts,
  config: Config,
  stage?: Stage,
): Promise<Speaker> {
  const { NumberingPlans } = await import('@sentrypeer/numbers');
  const { judgeOver } = await import('../open-judging.ts');
  const { Speaker } = await import('./speaker.ts');
  const plans = await NumberingPlans.load();
  const options = judgeOptions(config, stage);
  const { evidence } = log;
  const judges = judgeOver({ clock, plans, evidence }, options);
  const { policy } = options;
  const waitSMax = config.shareDelaySeconds;
  const ports = { pool, evidence, identity, judges, plans, policy, waitSMax };
  return new Speaker(ports, clock.epochUs());
}
