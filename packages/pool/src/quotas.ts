// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

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
import { TokenBucket, type Rate } from './token-bucket.ts';

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
 * How much each origin may share, and all origins of a class together: ids and keys cost nothing, so a limit per origin
 * alone would limit nothing. Trusted origins are not limited by what others share, and origins known for longer are not
 * limited by new ones: the last part of a class's quota is reserved for the oldest. New origins that one network told do
 * not keep out those that others tell.
 */
export class Quotas {
  readonly #origins = new Map<
    string,
    { readonly trusted: boolean; readonly bucket: TokenBucket }
  >();
  /** By class and network. */
  readonly #networks = new Map<string, TokenBucket>();
  readonly #classes: Readonly<Record<Exclude<OriginClass, 'trusted'>, ClassBuckets>>;

  constructor(nowMs: number) {
    this.#classes = { signed: classBuckets(nowMs), unsigned: classBuckets(nowMs) };
  }

  /**
   * Counts one event of an origin, or returns why it must be refused; then nothing is counted.
   *
   * @param of.network Of whoever told it.
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
    if (!bucket.hasOne(nowMs)) return 'origin_quota';
    if (!trusted) {
      const ofClass = this.#classes[originClass];
      if (!ofClass.events.hasOne(nowMs, keptFromAge(knownMs ?? 0))) return 'class_quota';
      const isNew = knownMs === undefined && known === undefined;
      const ofNetwork = isNew ? this.#ofNetwork(`${originClass} ${network}`, nowMs) : undefined;
      if (ofNetwork?.hasOne(nowMs) === false) return 'new_origins';
      if (isNew && !ofClass.origins.hasOne(nowMs)) return 'new_origins';
      if (isNew) ofClass.origins.take();
      ofNetwork?.take();
      ofClass.events.take();
    }
    bucket.take();
    useLast(this.#origins, nodeId, { trusted, bucket }, ORIGIN_RATES_MAX);
    return undefined;
  }

  #ofNetwork(name: string, nowMs: number): TokenBucket {
    const bucket = this.#networks.get(name) ?? new TokenBucket(NEW_OF_NETWORK, nowMs);
    useLast(this.#networks, name, bucket, NETWORK_RATES_MAX);
    return bucket;
  }
}

/** Puts the entry at the end; the one that was idle for longest goes if there are too many. */
function useLast<T>(map: Map<string, T>, name: string, entry: T, countMax: number): void {
  map.delete(name);
  map.set(name, entry);
  const [idle] = map.keys();
  if (map.size > countMax && idle !== undefined) map.delete(idle);
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
