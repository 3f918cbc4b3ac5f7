// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert, unreachable } from '@sentrypeer/kernel';
import {
  HOLD_GRACE_MS,
  HOLD_LATE_MS,
  HOLD_READ_MS,
  RECEIVED_OCTETS_PER_SECOND_MAX,
} from '../limits.ts';
import type { BgpPorts, Connection, ConnectionHandler } from '../ports.ts';
import type { NeighbourSettings } from '../settings.ts';
import type { SessionState } from '../status.ts';
import { MessageReader } from '../wire/message-reader.ts';
import { encodeKeepalive, encodeMessage, MessageType } from '../wire/message.ts';
import {
  decodeNotification,
  encodeNotification,
  ErrorCode,
  notification,
  notificationName,
  type Notification,
} from '../wire/notification.ts';
import { decodeOpen } from '../wire/open.ts';
import { decodeRouteRefresh, RefreshSubtype } from '../wire/route-refresh.ts';
import { checkUpdate } from '../wire/update-check.ts';
import type { Counts } from './counts.ts';
import { encodeOurOpen, negotiate, type Negotiated } from './negotiation.ts';
import {
  SessionMachine,
  type SessionEffect,
  type SessionEvent,
  type SessionTimer,
} from './session-machine.ts';
import { WakeTimer } from './wake-timer.ts';

/** RFC 7313 §5. */
const INVALID_LENGTH = 1;
const SEND_HOLD = notification(ErrorCode.sendHoldTimerExpired);

/** Why a session ended: what was sent, what was received, or what the system reports. */
export type SessionEnd =
  | { readonly direction: 'sent' | 'received'; readonly notification: Notification }
  | { readonly direction: 'local'; readonly reason: string };

/** What a session needs from the neighbour that it belongs to. */
export interface SessionOwner {
  readonly ports: BgpPorts;
  readonly settings: NeighbourSettings;
  readonly counts: Counts;
  /** Whether our OPEN has capabilities; it has none for a neighbour that refused them (RFC 5492 §3). */
  readonly hasCapabilities: boolean;
  /** Whether we have just started, so that neighbours may still have our earlier routes. */
  readonly isRestarting: boolean;
  /** Milliseconds until the next attempt. */
  waitMs(timer: 'connectRetry' | 'idleHold'): number;
  onStateChange(session: Session, before: SessionState): void;
  /** A valid OPEN came: two connections may collide. @returns Whether this one continues. */
  onOpen(session: Session): boolean;
  onEstablished(session: Session): void;
  onRefresh(family: number): void;
  onDrain(session: Session): void;
  /** The connection is gone, or an attempt failed. */
  onEnd(session: Session, end: SessionEnd): void;
}

/** One connection with its state machine, its timers and the octets read from it. */
export class Session {
  readonly #owner: SessionOwner;
  /** Read by the machine at each step. */
  readonly #options: { passive: boolean; restarts: boolean };
  readonly #machine: SessionMachine;
  readonly #timers: Readonly<Record<SessionTimer, WakeTimer>>;
  #reader = new MessageReader();
  #connection: Connection | undefined;
  #isIncoming = false;
  /** Resolves when the last connection is gone. */
  #gone: Promise<void> = Promise.resolve();
  #negotiated: Negotiated | undefined;
  #end: SessionEnd | undefined;
  #refreshFamily = 0;
  #hasGrace = false;
  /** Octets that may still be read now. */
  #readable = RECEIVED_OCTETS_PER_SECOND_MAX;
  #readableAtMs = 0;
  #cancelPause: (() => void) | undefined;

  /** @param isRival Whether it is only for one connection, which the neighbour made while there was another one. */
  constructor(owner: SessionOwner, isRival: boolean) {
    this.#owner = owner;
    this.#options = { passive: isRival || owner.settings.passive, restarts: !isRival };
    this.#machine = new SessionMachine(this.#options);
    const { ports } = owner;
    this.#timers = {
      connectRetry: new WakeTimer(ports, () => this.#onConnectRetry()),
      hold: new WakeTimer(ports, (lateMs) => this.#onHoldTimer(lateMs)),
      keepalive: new WakeTimer(ports, () => this.step({ kind: 'KeepaliveTimer_Expires' })),
      idleHold: new WakeTimer(ports, () => this.step({ kind: 'IdleHoldTimer_Expires' })),
    };
  }

  get state(): SessionState {
    return this.#machine.state;
  }

  /** Whether the neighbour made the connection. */
  get isIncoming(): boolean {
    return this.#isIncoming;
  }

  /** Resolves when the connection that was last ended is gone. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** What was negotiated on the connection that is open. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  /** Octets that the system has not taken yet. */
  get unsentOctets(): number {
    return this.#connection?.unsentOctets ?? 0;
  }

  /** When it tries again, in monotonic milliseconds. */
  get retryAtMs(): number | undefined {
    return this.#timers.idleHold.dueAtMs ?? this.#timers.connectRetry.dueAtMs;
  }

  step(event: SessionEvent): void {
    const before = this.#machine.state;
    for (const effect of this.#machine.step(event)) this.#perform(effect);
    if (this.#machine.state !== before) this.#owner.onStateChange(this, before);
  }

  /** The neighbour made a connection, and the machine is in Active or Connect. */
  take(connection: Connection): ConnectionHandler {
    const handler = this.#use(connection);
    this.step({ kind: 'TcpConnectionConfirmed' });
    return handler;
  }

  /** Sends whole messages. @param octets The connection's from now on. */
  send(octets: Uint8Array, messagesCount: number): void {
    const { counts } = this.#owner;
    counts.sentMessages += messagesCount;
    counts.sentOctets += octets.length;
    this.#connection?.write(octets);
  }

  /** The neighbour takes nothing of what we send (RFC 9687). */
  giveUp(): void {
    this.#end = { direction: 'local', reason: notificationName(SEND_HOLD) };
    this.step({ kind: 'SendHoldTimer_Expires' });
  }

  /** The neighbour started again on another connection (RFC 4724 §4.2). */
  supersede(): void {
    this.#end = { direction: 'local', reason: 'superseded by a new connection' };
    this.step({ kind: 'TcpConnectionFails' });
  }

  /** It is no longer a rival: it starts again automatically when its connection ends. */
  promote(): void {
    this.#options.passive = this.#owner.settings.passive;
    this.#options.restarts = true;
  }

  /** Ends everything without notifying anybody. */
  dispose(): void {
    for (const timer of Object.values(this.#timers)) timer.disarm();
    this.#disconnect();
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.#connect();
        return;
      case 'disconnect':
        this.#disconnect();
        return;
      case 'sendOpen':
        this.send(encodeOurOpen(this.#owner), 1);
        return;
      case 'sendKeepalive':
        this.send(encodeKeepalive(), 1);
        return;
      case 'sendNotification':
        this.send(encodeNotification(effect.notification), 1);
        this.#end = { direction: 'sent', notification: effect.notification };
        return;
      case 'arm':
        if (effect.timer === 'hold') this.#hasGrace = false;
        this.#timers[effect.timer].arm(effect.ms ?? this.#waitMs(effect.timer));
        return;
      case 'disarm':
        this.#timers[effect.timer].disarm();
        return;
      case 'established':
        this.#owner.onEstablished(this);
        return;
      case 'refreshRoutes':
        this.#owner.onRefresh(this.#refreshFamily);
        return;
      default:
        unreachable(effect);
    }
  }

  #waitMs(timer: SessionTimer): number {
    assert(timer === 'connectRetry' || timer === 'idleHold', 'timer_has_time');
    return this.#owner.waitMs(timer);
  }

  #connect(): void {
    const { ports, settings } = this.#owner;
    const { address, port, localAddress } = settings;
    let connection: Connection | undefined;
    const handler: ConnectionHandler = {
      onConnect: () => {
        if (connection === this.#connection) this.step({ kind: 'Tcp_CR_Acked' });
      },
      onOctets: (octets) => {
        if (connection !== undefined) this.#onOctets(connection, octets);
      },
      onDrain: () => {
        if (connection === this.#connection) this.#owner.onDrain(this);
      },
      onClose: (error) => {
        if (connection !== undefined) this.#onClose(connection, error);
      },
    };
    connection = ports.connect(
      { address, port, ...(localAddress !== undefined && { localAddress }) },
      handler,
    );
    this.#begin(connection, false);
  }

  #use(connection: Connection): ConnectionHandler {
    this.#begin(connection, true);
    return {
      onConnect: () => undefined,
      onOctets: (octets) => this.#onOctets(connection, octets),
      onDrain: () => {
        if (connection === this.#connection) this.#owner.onDrain(this);
      },
      onClose: (error) => this.#onClose(connection, error),
    };
  }

  #begin(connection: Connection, isIncoming: boolean): void {
    this.#connection = connection;
    this.#isIncoming = isIncoming;
    this.#reader = new MessageReader();
    this.#negotiated = undefined;
    this.#end = undefined;
    this.#hasGrace = false;
    this.#readable = RECEIVED_OCTETS_PER_SECOND_MAX;
  }

  #disconnect(): void {
    const connection = this.#connection;
    const end = this.#end;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#connection = undefined;
    this.#negotiated = undefined;
    this.#end = undefined;
    if (connection !== undefined && end?.direction === 'sent') this.#gone = connection.end();
    else connection?.destroy();
    if (end !== undefined) this.#owner.onEnd(this, end);
  }

  #onOctets(connection: Connection, octets: Uint8Array): void {
    if (connection !== this.#connection) return;
    this.#owner.counts.receivedOctets += octets.length;
    this.#limitReading(connection, octets.length);
    const wrong = this.#reader.push(octets, (type, body) => this.#onMessage(type, body));
    if (wrong !== undefined) this.step({ kind: 'BGPHeaderErr', notification: wrong });
  }

  #onClose(connection: Connection, error: string | undefined): void {
    if (connection !== this.#connection) return;
    this.#end = { direction: 'local', reason: error ?? 'connection closed' };
    this.step({ kind: 'TcpConnectionFails' });
  }

  /** Slows down a neighbour that sends faster than we want to read. */
  #limitReading(connection: Connection, size: number): void {
    const { ports } = this.#owner;
    const nowMs = ports.clock.nowMs();
    const gained = ((nowMs - this.#readableAtMs) * RECEIVED_OCTETS_PER_SECOND_MAX) / 1000;
    this.#readable = Math.min(RECEIVED_OCTETS_PER_SECOND_MAX, this.#readable + gained) - size;
    this.#readableAtMs = nowMs;
    if (this.#readable >= 0 || this.#cancelPause !== undefined) return;
    connection.pause();
    const waitMs = (-this.#readable * 1000) / RECEIVED_OCTETS_PER_SECOND_MAX;
    this.#cancelPause = ports.wakeAfter(waitMs, () => {
      this.#cancelPause = undefined;
      connection.resume();
    });
  }

  #onMessage(type: MessageType, body: Uint8Array): boolean {
    const { counts } = this.#owner;
    counts.receivedMessages += 1;
    switch (type) {
      case MessageType.open:
        this.#onOpen(body);
        break;
      case MessageType.update:
        this.#onUpdate(body);
        break;
      case MessageType.notification:
        this.#end = { direction: 'received', notification: decodeNotification(body) };
        this.step({ kind: 'NotifMsg' });
        break;
      case MessageType.keepalive:
        this.step({ kind: 'KeepAliveMsg' });
        break;
      case MessageType.routeRefresh:
        this.#onRouteRefresh(body);
        break;
      default:
        unreachable(type);
    }
    return this.#connection !== undefined;
  }

  #onOpen(body: Uint8Array): void {
    const { settings, hasCapabilities } = this.#owner;
    const open = this.state === 'OpenSent' ? decodeOpen(body) : undefined;
    if (open === undefined) {
      // An OPEN at the wrong time is an error whatever it says.
      this.step({ kind: 'BGPOpen', holdMs: 0, keepaliveMs: 0 });
      return;
    }
    const negotiated = 'refused' in open ? open : negotiate(settings, open, hasCapabilities);
    if ('refused' in negotiated) {
      this.step({ kind: 'BGPOpenMsgErr', notification: negotiated.refused });
      return;
    }
    this.#negotiated = negotiated;
    if (negotiated.hasExtendedMessages) this.#reader.allowExtended();
    if (!this.#owner.onOpen(this)) {
      this.step({ kind: 'OpenCollisionDump' });
      return;
    }
    const { holdMs, keepaliveMs } = negotiated;
    this.step({ kind: 'BGPOpen', holdMs, keepaliveMs });
  }

  #onUpdate(body: Uint8Array): void {
    const { counts, settings } = this.#owner;
    counts.receivedUpdates += 1;
    if (this.state === 'Established') {
      const hasFourOctetAsn = this.#negotiated?.hasFourOctetAsn ?? false;
      const verdict = checkUpdate(body, { hasFourOctetAsn, isInternal: settings.isInternal });
      counts.prefixesDropped += verdict.announcedCount;
      if (verdict.isMalformed) counts.updatesMalformed += 1;
      if (verdict.reset !== undefined) {
        this.step({ kind: 'UpdateMsgErr', notification: verdict.reset });
        return;
      }
    }
    this.step({ kind: 'UpdateMsg' });
  }

  #onRouteRefresh(body: Uint8Array): void {
    const message = decodeRouteRefresh(body);
    if (message === undefined) {
      const wrong = encodeMessage(MessageType.routeRefresh, body);
      const reason = notification(ErrorCode.routeRefresh, INVALID_LENGTH, wrong);
      this.step({ kind: 'UpdateMsgErr', notification: reason });
      return;
    }
    // The start and end of a refresh of theirs, and subtypes to come, do not concern us (RFC 7313 §5).
    if (message.subtype !== RefreshSubtype.request && this.state === 'Established') return;
    this.#refreshFamily = message.family;
    this.step({ kind: 'RouteRefreshMsg' });
  }

  #onConnectRetry(): void {
    if (this.state === 'Connect') this.#end = { direction: 'local', reason: 'ETIMEDOUT' };
    this.step({ kind: 'ConnectRetryTimer_Expires' });
  }

  /** What the neighbour sent may still be unread, because our own thread was busy or stopped: it is read before the timer counts. */
  #onHoldTimer(lateMs: number): void {
    if (!this.#hasGrace) {
      this.#hasGrace = true;
      this.#timers.hold.arm(lateMs > HOLD_LATE_MS ? HOLD_GRACE_MS : HOLD_READ_MS);
      return;
    }
    this.step({ kind: 'HoldTimer_Expires' });
  }
}
