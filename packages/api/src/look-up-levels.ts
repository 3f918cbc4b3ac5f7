// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import type { Standing } from '@sentrypeer/verdict';
import type { Reputation } from './reputation.ts';

/** Routes of others' clients, which take 200 for bad and 404 for clean. */
export type LookUpFamily = '4.x' | 'hq' | 'apiban';

/**
 * What such a client is told of: `listed` what is to be refused, `known` also what was met here, `hearsay` also what other
 * nodes share. None tells of what is allowed, one's own, never listed, or delisted since.
 */
export type LookUpLevel = 'listed' | 'known' | 'hearsay';

export interface LevelledPorts {
  readonly reputation: Pick<Reputation, 'judge'>;
  readonly clock: Clock;
}

/** Answers look-ups of one family of routes by its level. */
export class LevelledLookUp {
  readonly #ports: LevelledPorts;
  readonly #level: LookUpLevel;

  constructor(ports: LevelledPorts, level: LookUpLevel) {
    this.#ports = ports;
    this.#level = level;
  }

  /** @param wasSaid Whether anything is known of exactly this, hearsay included. */
  hasNumber(number: string, wasSaid: () => boolean): boolean {
    const { judge } = this.#ports.reputation;
    const nowEpochUs = this.#ports.clock.epochUs();
    if (this.#level === 'listed') return judge.judge({ number }, nowEpochUs).listed;
    return isTold(this.#level, judge.numberStanding(number, nowEpochUs), wasSaid);
  }

  /** The same of an address. */
  hasAddress(address: string, wasSaid: () => boolean): boolean {
    const { judge } = this.#ports.reputation;
    const nowEpochUs = this.#ports.clock.epochUs();
    if (this.#level === 'listed') return judge.judge({ address }, nowEpochUs).listed;
    return isTold(this.#level, judge.addressStanding(address, nowEpochUs), wasSaid);
  }
}

/**
 * Whether a level tells of what is not listed.
 *
 * @param wasSaid Whether anything is known of exactly this, hearsay included.
 */
export function isTold(level: LookUpLevel, standing: Standing, wasSaid: () => boolean): boolean {
  if (standing === 'unmet') return level === 'hearsay' && wasSaid();
  return level !== 'listed' && standing === 'met';
}
