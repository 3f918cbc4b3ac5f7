// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import type { KeyState, StoreReader } from '@sentrypeer/store';
import type { Config } from '../../config/config.ts';
import type { Engine } from '../../engine.ts';
import type { Identity } from '../../identity.ts';
import { aheadUntil } from './check-page.ts';
import { openSpeaker } from './open-speaker.ts';
import { OwnPages } from './own-pages.ts';

export interface OwnVoicePorts {
  readonly engine: Engine;
  readonly log: StoreReader;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Whether others hear this node. */
export interface OwnStatus {
  /** What became of the pages that this node wrote since it was started. */
  readonly own: Readonly<OwnPages['outcomes']>;
  readonly keyState: KeyState;
  /**
   * Wall-clock microseconds before which nobody accepts this node's pages, because its clock was ahead when it wrote some;
   * `undefined` if they are accepted.
   */
  readonly aheadUntilEpochUs: number | undefined;
}

/** Says in the pool what this node has met, and in the log when nobody hears it. */
export class OwnVoice {
  readonly #ports: OwnVoicePorts;
  readonly #networkId: number;
  readonly #pages: OwnPages;
  #speaker: Awaited<ReturnType<typeof openSpeaker>> | undefined;
  /** Other nodes accept nothing of this one, because its clock was ahead. */
  #isAhead = false;

  constructor(ports: OwnVoicePorts, networkId: number) {
    this.#ports = ports;
    this.#networkId = networkId;
    this.#pages = new OwnPages(ports.logger);
  }

  status(): OwnStatus {
    const { log, identity, clock } = this.#ports;
    return {
      own: this.#pages.outcomes,
      keyState: log.pool.keyState(identity.nodeId),
      aheadUntilEpochUs: aheadUntil(log.pool, identity.nodeId, clock),
    };
  }

  /** Says what is due. @returns Whether it may have written pages. */
  async step(config: Config): Promise<boolean> {
    const { engine, log, identity, clock, logger } = this.#ports;
    this.#tellAhead();
    if (this.#pages.tellEnded(log.pool.keyState(identity.nodeId))) return false;
    if (this.#speaker === undefined && !this.#hasToSay()) return false;
    this.#speaker ??= await openSpeaker({ log, pool: log.pool, identity, clock }, config);
    const speaker = this.#speaker;
    try {
      const nowUs = clock.epochUs();
      speaker.listen(nowUs);
      for (const pages of [
        speaker.takeBack(this.#networkId, nowUs),
        speaker.speak(this.#networkId, nowUs),
      ]) {
        if (pages.length > 0) this.#pages.add(await engine.write('addPages', pages, true));
      }
      return true;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      logger.debug('pool_pages_not_said', { code: error.code });
      return false;
    }
  }

  /** Says in the log that other nodes accept nothing of this one, and when that is over. */
  #tellAhead(): void {
    const { log, identity, clock, logger } = this.#ports;
    const untilEpochUs = aheadUntil(log.pool, identity.nodeId, clock);
    const isAhead = untilEpochUs !== undefined;
    if (isAhead === this.#isAhead) return;
    this.#isAhead = isAhead;
    if (!isAhead) {
      logger.info('pool_pages_accepted');
      return;
    }
    logger.warn('pool_pages_ahead', {
      until: new Date(untilEpochUs / 1000).toISOString(),
      what_to_do:
        'check the clock of this machine: it is behind now, or was ahead when pages of the pool were written; other nodes accept nothing from this one until that time, or until it writes them again, at most a day after its clock was put right',
    });
  }

  /** The code that says it takes memory, which a node that met nobody does not need. */
  #hasToSay(): boolean {
    const { log, identity } = this.#ports;
    const { pool } = log;
    const some = [pool.ownAddresses(0, 1), pool.ownNumbers(0, 1), pool.ownPages(identity.nodeId)];
    return some.some(({ length }) => length > 0);
  }
}
