// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket, TokenBuckets, type Rate } from '@sentrypeer/kernel';
import {
  CLASS_EVENTS_BURST,
  CLASS_EVENTS_PER_HOUR,
  NETWORK_ORIGINS_BURST,
  NETWORK_ORIGINS_PER_HOUR,
  NETWORK_RATES_MAX,
  NEW_ORIGINS_BURST,
  NEW_ORIGINS_PER_HOUR,
  ORIGIN_AGES_DAYS,
  ORIGIN_EVENTS_BURST,
  ORIGIN_EVENTS_PER_HOUR,
  ORIGIN_RATES_MAX,
  TRUSTED_EVENTS_BURST,
  TRUSTED_EVENTS_PER_HOUR,
} from './limits.ts';

/** Origins that the operator trusts, those that sign, and those that do not. */
export type OriginClass = 'trusted' | 'signed' | 'unsigned';

/** Why an event is too much. */
export type QuotaRefusal = 'origin_quota' | 'class_quota' | 'new_origins';

/** An event that another node shared. */
export interface Said {
  readonly nodeId: string;
  readonly originClass: OriginClass;
  readonly network: string;
  readonly knownMs: number | undefined;
}

const HOUR_S = 3600;
const DAY_MS = 86_400_000;
const rate = (burst: number, perHour: number): Rate => ({ burst, perSecond: perHour / HOUR_S });
const ORIGIN = rate(ORIGIN_EVENTS_BURST, ORIGIN_EVENTS_PER_HOUR);
const TRUSTED = rate(TRUSTED_EVENTS_BURST, TRUSTED_EVENTS_PER_HOUR);
const CLASS = rate(CLASS_EVENTS_BURST, CLASS_EVENTS_PER_HOUR);
const NEW = rate(NEW_ORIGINS_BURST, NEW_ORIGINS_PER_HOUR);
const NEW_OF_NETWORK = rate(NETWORK_ORIGINS_BURST, NETWORK_ORIGINS_PER_HOUR);

/**
 * Limits how much each origin may share, and all origins of a class together: ids and keys cost nothing, so a limit per
 * origin alone would limit nothing. Trusted origins are not limited by what others share, and origins known for longer
 * are not limited by new ones: the last part of a class's quota is reserved for the oldest. New origins told by one
 * network do not keep out those told by others.
 */
export class Quotas {
  readonly #origins = new Map<
    string,
    { readonly trusted: boolean; readonly bucket: TokenBucket }
  >();
  /** By class and network. */
  readonly #networks = new TokenBuckets({ ...NEW_OF_NETWORK, keysMax: 2 * NETWORK_RATES_MAX });
  readonly #classes: Readonly<Record<Exclude<OriginClass, 'trusted'>, ClassBuckets>>;

  constructor(nowMs: number) {
    this.#classes = { signed: classBuckets(nowMs), unsigned: classBuckets(nowMs) };
  }

  /**
   * Counts one event of an origin, or returns why it must be refused; then nothing is counted.
   *
   * @param of.network Network of the node that told it.
   * @param of.knownMs Milliseconds since the origin was first recorded; `undefined` if it never was.
   */
  take(of: Said, nowMs: number): QuotaRefusal | undefined {
    const { nodeId, originClass, network, knownMs } = of;
    const trusted = originClass === 'trusted';
    const known = this.#origins.get(nodeId);
    const bucket =
      known?.trusted === trusted
        ? known.bucket
        : new TokenBucket(trusted ? TRUSTED : ORIGIN, nowMs);
    if (!bucket.has(1, nowMs)) return 'origin_quota';
    if (!trusted) {
      const ofClass = this.#classes[originClass];
      if (!ofClass.events.has(1 + keptFromAge(knownMs ?? 0), nowMs)) return 'class_quota';
      const isNew = knownMs === undefined && known === undefined;
      if (isNew && !this.#mayBegin(`${originClass} ${network}`, ofClass.origins, nowMs))
        return 'new_origins';
      ofClass.events.take(1, nowMs);
    }
    bucket.take(1, nowMs);
    this.#remember(nodeId, { trusted, bucket });
    return undefined;
  }

  /** Whether another new origin of the network is let in, which is then counted. */
  #mayBegin(network: string, origins: TokenBucket, nowMs: number): boolean {
    return (
      origins.has(1, nowMs) && this.#networks.take(network, 1, nowMs) && origins.take(1, nowMs)
    );
  }

  /** The origin that was idle for longest is forgotten if there are too many. */
  #remember(nodeId: string, origin: { trusted: boolean; bucket: TokenBucket }): void {
    this.#origins.delete(nodeId);
    this.#origins.set(nodeId, origin);
    const [idle] = this.#origins.keys();
    if (this.#origins.size > ORIGIN_RATES_MAX && idle !== undefined) this.#origins.delete(idle);
  }
}

/** How many of its class's events at once are reserved for origins known for longer. */
function keptFromAge(knownMs: number): number {
  const older = ORIGIN_AGES_DAYS.filter((days) => knownMs < days * DAY_MS).length;
  return (CLASS_EVENTS_BURST * older) / (ORIGIN_AGES_DAYS.length + 1);
}

interface ClassBuckets {
  readonly events: TokenBucket;
  readonly origins: TokenBucket;
}

function classBuckets(nowMs: number): ClassBuckets {
  return { events: new TokenBucket(CLASS, nowMs), origins: new TokenBucket(NEW, nowMs) };
}
