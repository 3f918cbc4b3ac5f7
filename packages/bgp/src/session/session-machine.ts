// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SessionState } from '../status.ts';
import { CeaseSubcode, ErrorCode, notification, type Notification } from '../wire/notification.ts';

/** The events of RFC 4271 §8.1 by their names, that of RFC 9687, and ROUTE-REFRESH, which came later. */
export type SessionEvent =
  | { readonly kind: 'Start' }
  | { readonly kind: 'Stop'; readonly notification: Notification | undefined }
  | { readonly kind: 'ConnectRetryTimer_Expires' }
  | { readonly kind: 'HoldTimer_Expires' }
  | { readonly kind: 'KeepaliveTimer_Expires' }
  | { readonly kind: 'SendHoldTimer_Expires' }
  | { readonly kind: 'IdleHoldTimer_Expires' }
  /** The connection that we asked for is established. */
  | { readonly kind: 'Tcp_CR_Acked' }
  /** The neighbour connected to us. */
  | { readonly kind: 'TcpConnectionConfirmed' }
  | { readonly kind: 'TcpConnectionFails' }
  /** A valid OPEN. Milliseconds of the smaller hold time and of the time between KEEPALIVEs; 0 for none. */
  | { readonly kind: 'BGPOpen'; readonly holdMs: number; readonly keepaliveMs: number }
  | { readonly kind: 'BGPHeaderErr'; readonly notification: Notification }
  | { readonly kind: 'BGPOpenMsgErr'; readonly notification: Notification }
  | { readonly kind: 'OpenCollisionDump' }
  | { readonly kind: 'NotifMsg' }
  | { readonly kind: 'KeepAliveMsg' }
  | { readonly kind: 'UpdateMsg' }
  | { readonly kind: 'UpdateMsgErr'; readonly notification: Notification }
  | { readonly kind: 'RouteRefreshMsg' };

export type SessionTimer = 'connectRetry' | 'hold' | 'keepalive' | 'idleHold';

/** What the owner of the machine has to do, in this order. */
export type SessionEffect =
  | { readonly kind: 'connect' }
  /** Ends the connection, or the attempt to make one. */
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'sendOpen' }
  | { readonly kind: 'sendKeepalive' }
  | { readonly kind: 'sendNotification'; readonly notification: Notification }
  /** `ms` is `undefined` if the owner knows it: ConnectRetryTime with its jitter, IdleHoldTime with its back-off. */
  | { readonly kind: 'arm'; readonly timer: SessionTimer; readonly ms: number | undefined }
  | { readonly kind: 'disarm'; readonly timer: SessionTimer }
  /** Routes may be sent from now on. */
  | { readonly kind: 'established' }
  | { readonly kind: 'refreshRoutes' };

export interface SessionOptions {
  /** Never connects. */
  readonly passive: boolean;
  /** Whether it starts again automatically after a failure (DampPeerOscillations, AllowAutomaticStart). */
  readonly restarts: boolean;
}

/**
 * Milliseconds of the hold timer until the OPEN arrives: "a HoldTimer value of 4 minutes is suggested" (RFC 4271
 * §8.2.2).
 */
const OPEN_HOLD_MS = 240_000;

type Effects = readonly SessionEffect[];
type EventKind = SessionEvent['kind'];
type EventOf<K extends EventKind> = Extract<SessionEvent, { readonly kind: K }>;
/** What happens on an event; on all other events the machine goes back to Idle. */
type Handlers = { readonly [K in EventKind]?: (event: EventOf<K>) => Effects };

const arm = (timer: SessionTimer, ms?: number): SessionEffect => ({ kind: 'arm', timer, ms });
const disarm = (timer: SessionTimer): SessionEffect => ({ kind: 'disarm', timer });
const CONNECT: SessionEffect = { kind: 'connect' };
const DISCONNECT: SessionEffect = { kind: 'disconnect' };
const SEND_KEEPALIVE: SessionEffect = { kind: 'sendKeepalive' };
/** The connection exists, so that an OPEN can be sent. */
const OPENING: Effects = [disarm('connectRetry'), { kind: 'sendOpen' }, arm('hold', OPEN_HOLD_MS)];

/**
 * The finite state machine of one connection (RFC 4271 §8.2.2), without sockets and time: an event makes effects, which
 * the owner performs. DelayOpen is not used.
 *
 * In two places it does what other speakers do rather than what the text says. A failed connection attempt leads to
 * Active instead of Idle, so that the neighbour can connect to us meanwhile. A passive machine never connects.
 */
export class SessionMachine {
  readonly #options: SessionOptions;
  readonly #handlers: Readonly<Record<SessionState, Handlers>>;
  #state: SessionState = 'Idle';
  #holdMs = 0;
  #keepaliveMs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#handlers = this.#table();
  }

  get state(): SessionState {
    return this.#state;
  }

  step(event: SessionEvent): Effects {
    const handler = this.#handlers[this.#state][event.kind];
    // The handler is the one for this kind of event.
    if (handler !== undefined) return handler(event as never);
    // "Any other event … does not cause change in the state of the local system" (RFC 4271 §8.2.2).
    if (this.#state === 'Idle') return [];
    return this.#fail(unexpectedIn(this.#state));
  }

  #table(): Readonly<Record<SessionState, Handlers>> {
    const nothing = (): Effects => [];
    const fail = (): Effects => this.#fail();
    const failWith = (event: { readonly notification: Notification }): Effects =>
      this.#fail(event.notification);
    const open = (): Effects => this.#go('OpenSent', OPENING);
    const beat = (): Effects => [SEND_KEEPALIVE, ...this.#keepalive()];
    const hold = (): Effects => [this.#hold()];
    const connecting: Handlers = {
      Start: nothing,
      Stop: () => this.#go('Idle', [DISCONNECT, disarm('connectRetry')]),
      ConnectRetryTimer_Expires: () =>
        this.#go('Connect', [DISCONNECT, arm('connectRetry'), CONNECT]),
      Tcp_CR_Acked: open,
      TcpConnectionConfirmed: open,
      TcpConnectionFails: () => this.#listen(),
      OpenCollisionDump: fail,
    };
    const connected: Handlers = {
      Start: nothing,
      Stop: ({ notification: reason }) => this.#stop(reason),
      HoldTimer_Expires: () => this.#fail(notification(ErrorCode.holdTimerExpired)),
      // The connection no longer takes anything: it is only closed (RFC 9687 §3).
      SendHoldTimer_Expires: fail,
      TcpConnectionFails: fail,
      NotifMsg: fail,
      BGPHeaderErr: failWith,
      BGPOpenMsgErr: failWith,
      OpenCollisionDump: () => this.#fail(notification(ErrorCode.cease, CeaseSubcode.collision)),
    };
    return {
      Idle: {
        Start: () => this.#start(),
        IdleHoldTimer_Expires: () => this.#start(),
        Stop: () => [disarm('idleHold')],
      },
      Connect: connecting,
      Active: connecting,
      OpenSent: {
        ...connected,
        TcpConnectionFails: () => [disarm('hold'), ...this.#listen()],
        BGPOpen: (event) => this.#confirm(event),
      },
      OpenConfirm: {
        ...connected,
        KeepaliveTimer_Expires: beat,
        KeepAliveMsg: () => this.#go('Established', [this.#hold(), { kind: 'established' }]),
      },
      Established: {
        ...connected,
        KeepaliveTimer_Expires: beat,
        KeepAliveMsg: hold,
        UpdateMsg: hold,
        UpdateMsgErr: failWith,
        RouteRefreshMsg: () => [{ kind: 'refreshRoutes' }],
      },
    };
  }

  #start(): Effects {
    if (this.#options.passive) return this.#go('Active', [disarm('idleHold')]);
    return this.#go('Connect', [disarm('idleHold'), arm('connectRetry'), CONNECT]);
  }

  #confirm({ holdMs, keepaliveMs }: EventOf<'BGPOpen'>): Effects {
    this.#holdMs = holdMs;
    this.#keepaliveMs = keepaliveMs;
    return this.#go('OpenConfirm', [SEND_KEEPALIVE, ...this.#keepalive(), this.#hold()]);
  }

  /** Waits for the neighbour, or for the next attempt. */
  #listen(): Effects {
    if (this.#options.passive) return this.#go('Active', [DISCONNECT]);
    return this.#go('Active', [DISCONNECT, arm('connectRetry')]);
  }

  #stop(reason: Notification | undefined): Effects {
    return this.#go('Idle', [...tell(reason), DISCONNECT, disarm('hold'), disarm('keepalive')]);
  }

  #fail(reason?: Notification): Effects {
    return this.#go('Idle', [
      ...tell(reason),
      DISCONNECT,
      disarm('connectRetry'),
      disarm('hold'),
      disarm('keepalive'),
      ...(this.#options.restarts ? [arm('idleHold')] : []),
    ]);
  }

  /** "If the negotiated HoldTimer value is zero, then the HoldTimer and KeepaliveTimer are not started" (§8.2.2). */
  #hold(): SessionEffect {
    return this.#holdMs === 0 ? disarm('hold') : arm('hold', this.#holdMs);
  }

  #keepalive(): Effects {
    return this.#keepaliveMs === 0 ? [] : [arm('keepalive', this.#keepaliveMs)];
  }

  #go(state: SessionState, effects: Effects): Effects {
    this.#state = state;
    return effects;
  }
}

/** RFC 6608 §3; without a connection there is nobody to notify. */
function unexpectedIn(state: SessionState): Notification | undefined {
  const subcode = { Idle: 0, Connect: 0, Active: 0, OpenSent: 1, OpenConfirm: 2, Established: 3 }[
    state
  ];
  return subcode === 0 ? undefined : notification(ErrorCode.finiteStateMachine, subcode);
}

function tell(reason: Notification | undefined): Effects {
  return reason === undefined ? [] : [{ kind: 'sendNotification', notification: reason }];
}
