// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { CLOSE_MS_MAX, STABLE_MS } from './limits.ts';
import { NeighbourReport } from './neighbour-report.ts';
import type { CloseOptions } from './options.ts';
import type { BgpPorts, Connection, ConnectionHandler } from './ports.ts';
import { AdjRibOut, type PrefixAllowance } from './rib/adj-rib-out.ts';
import type { PrefixTable } from './rib/prefix-table.ts';
import { BackOff } from './session/back-off.ts';
import { Counts } from './session/counts.ts';
import { Outbound, type OutboundFamily } from './session/outbound.ts';
import { routeTemplates } from './session/route-templates.ts';
import { Session, type SessionEnd, type SessionOwner } from './session/session.ts';
import type { NeighbourSettings } from './settings.ts';
import type { NeighbourStatus, SessionState } from './status.ts';
import {
  CeaseSubcode,
  encodeNotification,
  ErrorCode,
  notification,
  OpenSubcode,
  shutdownNotification,
} from './wire/notification.ts';

/** What a neighbour needs of the speaker. */
export interface NeighbourPorts {
  readonly ports: BgpPorts;
  readonly tables: Readonly<Record<4 | 6, PrefixTable>>;
  /** Whether the tables are complete. */
  isComplete(): boolean;
  /** Whether the speaker started so recently that a neighbour may still have routes from an earlier run. */
  isRestarting(settings: NeighbourSettings): boolean;
}

/**
 * A router that we peer with: at most two connections at a time, of which one stays (RFC 4271 §6.8), the routes that it
 * was sent, and its history.
 */
export class Neighbour implements SessionOwner {
  readonly settings: NeighbourSettings;
  readonly ports: BgpPorts;
  readonly counts = new Counts();
  readonly #speaker: NeighbourPorts;
  readonly #ribs: Readonly<Record<4 | 6, AdjRibOut>>;
  readonly #report: NeighbourReport;
  readonly #backOff: BackOff;
  /** The session that lasts. */
  #session: Session;
  /** One for a connection that the neighbour made while that session was busy. */
  #rival: Session | undefined;
  #outbound: Outbound | undefined;
  #hasCapabilities = true;
  #isStopped = false;
  /** Called when more was sent, while the speaker closes. */
  #onSent: (() => void) | undefined;

  constructor(speaker: NeighbourPorts, settings: NeighbourSettings) {
    this.#speaker = speaker;
    this.ports = speaker.ports;
    this.settings = settings;
    const allowance: PrefixAllowance = { max: settings.prefixesMax, used: 0 };
    this.#ribs = {
      4: new AdjRibOut(speaker.tables[4], allowance),
      6: new AdjRibOut(speaker.tables[6], allowance),
    };
    this.#report = new NeighbourReport(this.ports, settings, this.counts);
    this.#backOff = new BackOff(this.ports.random, settings.connectRetryMs);
    this.#session = new Session(this, false);
  }

  get hasCapabilities(): boolean {
    return this.#hasCapabilities;
  }

  get isRestarting(): boolean {
    return this.#speaker.isRestarting(this.settings);
  }

  start(): void {
    this.#session.step({ kind: 'Start' });
  }

  /** The tables changed. */
  notify(): void {
    this.#outbound?.notify();
    this.#watchCap();
  }

  /** Takes a connection from the neighbour's address, or refuses it with a NOTIFICATION. */
  accept(connection: Connection): ConnectionHandler {
    const session = this.#session;
    // Between two attempts of ours the neighbour's is accepted: two speakers that only ever refuse each other would
    // never meet.
    const waits = session.state === 'Idle' && this.#backOff.isAtPrefixLimit;
    if (this.#isStopped || this.settings.connectOnly || waits)
      return refuse(connection, CeaseSubcode.connectionRejected);
    if (session.state === 'Active') return session.take(connection);
    if (session.state === 'Established' && session.negotiated?.hasGracefulRestart !== true)
      return refuse(connection, CeaseSubcode.collision);
    // Of connections of which nothing is known yet, the newest is the likeliest to be alive.
    this.#dropRival();
    const rival = new Session(this, true);
    this.#rival = rival;
    rival.step({ kind: 'Start' });
    return rival.take(connection);
  }

  /** Ends the session by Cease/Administrative Reset and starts again at once. */
  reset(reason: string): void {
    this.#dropRival();
    const cease = shutdownNotification(CeaseSubcode.administrativeReset, reason);
    this.#session.step({ kind: 'Stop', notification: cease });
    this.#backOff.reset();
    this.#hasCapabilities = true;
    this.#session.step({ kind: 'Start' });
  }

  /** Resolves when the connection is gone, within `CLOSE_MS_MAX` and `LINGER_MS_MAX`. */
  async stop({ withdraw, reason = '' }: CloseOptions): Promise<void> {
    this.#isStopped = true;
    this.#dropRival();
    const session = this.#session;
    if (withdraw && this.#outbound !== undefined) await this.#withdrawAll(this.#outbound);
    const keepsRoutes = !withdraw && session.negotiated?.hasGracefulRestart === true;
    const cease = shutdownNotification(CeaseSubcode.administrativeShutdown, reason);
    session.step({ kind: 'Stop', notification: keepsRoutes ? undefined : cease });
    session.dispose();
    this.#down();
    await session.gone;
  }

  waitMs(timer: 'connectRetry' | 'idleHold'): number {
    return timer === 'idleHold' ? this.#backOff.idleHoldMs() : this.#backOff.connectRetryMs();
  }

  onStateChange(session: Session, before: SessionState): void {
    if (session === this.#session) this.#report.changed(before, session.state);
  }

  /** Connection collision detection, RFC 4271 §6.8. */
  onOpen(session: Session): boolean {
    const other = session === this.#session ? this.#rival : this.#session;
    const { negotiated } = session;
    if (other === undefined || negotiated === undefined) return true;
    if (other.state === 'Established') {
      // A neighbour with graceful restart that connects again has lost the former connection (RFC 4724 §4.2).
      if (!negotiated.hasGracefulRestart) return false;
      other.supersede();
      this.#keep(session);
      return true;
    }
    if (other.state !== 'OpenConfirm' && other.state !== 'OpenSent') return true;
    // This includes a session in OpenSent, whose neighbour is known by this one; otherwise each side could end another
    // connection. The connection made by the speaker with the higher identifier stays; with equal identifiers, that of
    // the higher AS (RFC 6286 §2.3).
    const { routerId, localAsn, remoteAsn } = this.settings;
    const difference = routerId - negotiated.remoteRouterId || localAsn - remoteAsn;
    const isKept = session.isIncoming === other.isIncoming || session.isIncoming === difference < 0;
    if (isKept) this.#keep(session);
    return isKept;
  }

  onEstablished(session: Session): void {
    const { negotiated } = session;
    if (negotiated === undefined) return;
    this.#keep(session);
    const families = negotiated.families.map((afiSafi): OutboundFamily => {
      const { family } = afiSafi;
      const table = this.#speaker.tables[family];
      const { hasFourOctetAsn } = negotiated;
      const templates = routeTemplates(this.settings, afiSafi, table, hasFourOctetAsn);
      return { afiSafi, rib: this.#ribs[family], templates };
    });
    const { ports, settings, counts } = this;
    const isComplete = (): boolean => this.#speaker.isComplete();
    this.#outbound = new Outbound({ ports, settings, counts, isComplete }, session, families);
    this.#report.established(negotiated, session.isIncoming);
    this.#watchCap();
    this.#outbound.pump();
  }

  onRefresh(family: number): void {
    this.#outbound?.refresh(family);
  }

  onDrain(session: Session): void {
    if (session !== this.#session) return;
    this.#outbound?.onDrain();
    this.#onSent?.();
  }

  onEnd(session: Session, end: SessionEnd): void {
    const isRival = session === this.#rival;
    if (isRival) this.#rival = undefined;
    const wasUp = !isRival && this.#outbound !== undefined;
    if (wasUp) this.#down();
    const reason = end.direction === 'local' ? undefined : end.notification;
    const isCease = reason?.code === ErrorCode.cease;
    if (isCease && reason.subcode === CeaseSubcode.collision && !wasUp) return;
    if (end.direction === 'received' && reason?.code === ErrorCode.openMessage) {
      // "… without sending any capabilities", or with them again if that does not help either (RFC 5492 §3).
      if (reason.subcode === OpenSubcode.optionalParameter)
        this.#hasCapabilities = !this.#hasCapabilities;
    }
    if (!isRival) this.#backOff.onEnd(end);
    this.#report.ended(end, wasUp);
  }

  status(): NeighbourStatus {
    let [out, announcements, withdrawals] = [0, 0, 0];
    for (const { family } of this.#session.negotiated?.families ?? []) {
      const pending = this.#ribs[family].pending();
      out += this.#ribs[family].count;
      announcements += pending.announcements;
      withdrawals += pending.withdrawals;
    }
    const room = Math.max(0, this.settings.prefixesMax - out + withdrawals);
    const heldBack = Math.max(0, announcements - room);
    return this.#report.status(this.#session, this.#outbound?.isInSync ?? false, {
      prefixesOut: out,
      prefixesPending: announcements - heldBack + withdrawals,
      prefixesHeldBack: heldBack,
    });
  }

  /** Keeps this session and ends the other one. */
  #keep(session: Session): void {
    if (session !== this.#rival) {
      this.#dropRival();
      return;
    }
    const former = this.#session;
    this.#session = session;
    this.#rival = undefined;
    former.step({ kind: 'OpenCollisionDump' });
    former.dispose();
    session.promote();
  }

  #dropRival(): void {
    const rival = this.#rival;
    rival?.step({ kind: 'OpenCollisionDump' });
    rival?.dispose();
    this.#rival = undefined;
  }

  /** The session is over, and the routes with it. */
  #down(): void {
    const outbound = this.#outbound;
    if (outbound === undefined) return;
    outbound.close();
    this.#outbound = undefined;
    this.#ribs[4].clear();
    this.#ribs[6].clear();
    this.counts.flaps += 1;
    if (this.#report.ageMs >= STABLE_MS) this.#backOff.forget();
    this.#onSent?.();
  }

  #watchCap(): void {
    const { families } = this.#session.negotiated ?? { families: [] };
    let count = 0;
    for (const { family } of families) count += this.#speaker.tables[family].count;
    if (this.#outbound !== undefined) this.#report.watchCap(count);
  }

  async #withdrawAll(outbound: Outbound): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.ports.wakeAfter(CLOSE_MS_MAX, resolve);
    this.#onSent = () => {
      if (this.#outbound !== outbound || outbound.withdrawAll()) resolve();
    };
    this.#onSent();
    await promise;
    cancel();
    this.#onSent = undefined;
  }
}

/** Says why and closes; nothing that arrives on the connection is read. */
function refuse(connection: Connection, subcode: number): ConnectionHandler {
  connection.write(encodeNotification(notification(ErrorCode.cease, subcode)));
  void connection.end();
  const nothing = (): void => undefined;
  return { onConnect: nothing, onOctets: nothing, onDrain: nothing, onClose: nothing };
}
