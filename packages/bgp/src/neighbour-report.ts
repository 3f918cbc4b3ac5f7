// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatIp, ipOfOctets } from '@sentrypeer/ip';
import type { LogFields } from '@sentrypeer/kernel';
import type { BgpPorts } from './ports.ts';
import type { Counts } from './session/counts.ts';
import type { Negotiated } from './session/negotiation.ts';
import type { Session, SessionEnd } from './session/session.ts';
import type { NeighbourSettings } from './settings.ts';
import type { NeighbourStatus, SessionError } from './status.ts';
import { notificationName, shutdownCommunication } from './wire/notification.ts';

/** What can be seen of a neighbour from outside: its status, and what is logged about it. */
export class NeighbourReport {
  readonly #ports: BgpPorts;
  readonly #settings: NeighbourSettings;
  readonly #counts: Counts;
  #sinceEpochMs = 0;
  #sinceMs = 0;
  #lastError: SessionError | undefined;
  #lastNotification: SessionError | undefined;
  /** Why attempts fail at present: logged once, not each time. */
  #failing = '';
  #isOverCap = false;

  constructor(ports: BgpPorts, settings: NeighbourSettings, counts: Counts) {
    this.#ports = ports;
    this.#settings = settings;
    this.#counts = counts;
    this.#markTime();
  }

  /** Milliseconds since the state last changed. */
  get ageMs(): number {
    return this.#ports.clock.nowMs() - this.#sinceMs;
  }

  changed(before: string, state: string): void {
    this.#markTime();
    this.#log('debug', 'bgp_state', { before, state });
  }

  established({ families, remoteRouterId }: Negotiated, isIncoming: boolean): void {
    this.#failing = '';
    this.#log('info', 'bgp_established', {
      families: families.map(({ name }) => name).join(', '),
      router_id: routerIdText(remoteRouterId),
      incoming: isIncoming,
    });
  }

  /** @param wasUp Whether it was the end of an established session. */
  ended(end: SessionEnd, wasUp: boolean): void {
    const error = errorOf(end, Math.round(this.#epochMs()));
    const { direction, name, communication } = error;
    this.#lastError = error;
    if (direction !== 'local') this.#lastNotification = error;
    else if (wasUp) this.#lastNotification = undefined;
    const fields = { direction, error: name, said: communication };
    if (wasUp) this.#log('warn', 'bgp_down', fields);
    else this.#log(this.#failing === name ? 'debug' : 'warn', 'bgp_failed', fields);
    this.#failing = name;
  }

  /** @param prefixesCount Prefixes that the neighbour would have if there were no limit. */
  watchCap(prefixesCount: number): void {
    const isOver = prefixesCount > this.#settings.prefixesMax;
    if (isOver === this.#isOverCap) return;
    this.#isOverCap = isOver;
    const fields = { prefixes: prefixesCount, max: this.#settings.prefixesMax };
    if (isOver) this.#log('warn', 'bgp_prefixes_held_back', fields);
    else this.#log('warn', 'bgp_prefixes_all_sent', fields);
  }

  /** @param prefixes What the neighbour has, and what it does not have yet. */
  status(
    session: Session,
    isInSync: boolean,
    prefixes: Pick<NeighbourStatus, 'prefixesOut' | 'prefixesPending' | 'prefixesHeldBack'>,
  ): NeighbourStatus {
    const { name, address, port, remoteAsn, localAsn, form } = this.#settings;
    const { state, retryAtMs } = session;
    const counts = this.#counts;
    const nowMs = this.#ports.clock.nowMs();
    return {
      name,
      address,
      port,
      remoteAsn,
      localAsn,
      form,
      state,
      sinceEpochMs: this.#sinceEpochMs,
      uptimeMs: state === 'Established' ? nowMs - this.#sinceMs : 0,
      retryAtEpochMs:
        retryAtMs === undefined ? undefined : Math.round(this.#epochMs() + retryAtMs - nowMs),
      session: sessionStatus(session, isInSync),
      ...prefixes,
      received: {
        messages: counts.receivedMessages,
        octets: counts.receivedOctets,
        updates: counts.receivedUpdates,
      },
      sent: {
        messages: counts.sentMessages,
        octets: counts.sentOctets,
        updates: counts.sentUpdates,
      },
      prefixesDropped: counts.prefixesDropped,
      updatesMalformed: counts.updatesMalformed,
      refreshesCount: counts.refreshes,
      flapsCount: counts.flaps,
      lastError: this.#lastError,
      lastNotification: this.#lastNotification,
    };
  }

  #markTime(): void {
    this.#sinceMs = this.#ports.clock.nowMs();
    this.#sinceEpochMs = Math.round(this.#epochMs());
  }

  #epochMs(): number {
    return this.#ports.clock.epochUs() / 1000;
  }

  #log(level: 'debug' | 'info' | 'warn', event: string, fields: LogFields): void {
    this.#ports.logger[level](event, { neighbour: this.#settings.name, ...fields });
  }
}

function sessionStatus(session: Session, isInSync: boolean): NeighbourStatus['session'] {
  const { negotiated, isIncoming } = session;
  if (negotiated === undefined || session.state !== 'Established') return undefined;
  return {
    remoteRouterId: routerIdText(negotiated.remoteRouterId),
    isIncoming,
    holdTimeS: negotiated.holdMs / 1000,
    keepaliveS: negotiated.keepaliveMs / 1000,
    families: negotiated.families.map(({ name }) => name),
    capabilities: negotiated.capabilities,
    isInSync,
  };
}

function errorOf(end: SessionEnd, atEpochMs: number): SessionError {
  const { direction } = end;
  if (end.direction === 'local') {
    const none = { code: undefined, subcode: undefined, communication: undefined };
    return { atEpochMs, direction, name: end.reason, ...none };
  }
  const { code, subcode } = end.notification;
  const name = notificationName(end.notification);
  const communication = shutdownCommunication(end.notification);
  return { atEpochMs, direction, code, subcode, name, communication };
}

function routerIdText(id: number): string {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, id);
  const ip = ipOfOctets(octets);
  return ip === undefined ? '' : formatIp(ip);
}
