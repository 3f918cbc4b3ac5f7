// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import type { Standing } from '@sentrypeer/verdict';
import type { Reputation } from './reputation.ts';

/** Routes of other services' clients, for which 200 means bad and 404 clean. */
export type LookUpFamily = '4.x' | 'hq' | 'apiban';

/**
 * What such a client is told: `listed` is what to refuse, `known` adds what was seen here, `hearsay` adds what other
 * nodes share. None includes what is allowed, one's own, never listed, or has been delisted.
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

  /** @param wasSaid Whether anything is known about exactly this, hearsay included. */
  hasNumber(number: string, wasSaid: () => boolean): boolean {
    const { judge } = this.#ports.reputation;
    const nowEpochUs = this.#ports.clock.epochUs();
    if (this.#level === 'listed') return judge.judge({ number }, nowEpochUs).listed;
    return isTold(this.#level, judge.numberStanding(number, nowEpochUs), wasSaid);
  }

  /** The same for an address. */
  hasAddress(address: string, wasSaid: () => boolean): boolean {
    const { judge } = this.#ports.reputation;
    const nowEpochUs = this.#ports.clock.epochUs();
    if (this.#level === 'listed') return judge.judge({ address }, nowEpochUs).listed;
    return isTold(this.#level, judge.addressStanding(address, nowEpochUs), wasSaid);
  }
}

/**
 * Whether a level includes what is not listed.
 *
 * @param wasSaid Whether anything is known about exactly this, hearsay included.
 */
export function isTold(level: LookUpLevel, standing: Standing, wasSaid: () => boolean): boolean {
  if (standing === 'unmet') return level === 'hearsay' && wasSaid();
  return level !== 'listed' && standing === 'met';
}
