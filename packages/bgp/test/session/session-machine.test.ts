// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  SessionMachine,
  type SessionEffect,
  type SessionEvent,
} from '../../src/session/session-machine.ts';
import { notification, notificationName } from '../../src/wire/notification.ts';

/** Steps that lead to each state. */
const TO = {
  Idle: [],
  Connect: ['Start'],
  Active: ['Start', 'TcpConnectionFails'],
  OpenSent: ['Start', 'Tcp_CR_Acked'],
  OpenConfirm: ['Start', 'Tcp_CR_Acked', 'BGPOpen'],
  Established: ['Start', 'Tcp_CR_Acked', 'BGPOpen', 'KeepAliveMsg'],
} as const;
type Kind = SessionEvent['kind'];

const REASON = notification(3, 1);

function eventOf(kind: Kind): SessionEvent {
  if (kind === 'BGPOpen') return { kind, holdMs: 90_000, keepaliveMs: 30_000 };
  if (
    kind === 'BGPHeaderErr' ||
    kind === 'BGPOpenMsgErr' ||
    kind === 'UpdateMsgErr' ||
    kind === 'Stop'
  )
    return { kind, notification: REASON };
  return { kind };
}

function textOf(effect: SessionEffect): string {
  if (effect.kind === 'arm')
    return `arm ${effect.timer}${effect.ms === undefined ? '' : ` ${effect.ms}`}`;
  if (effect.kind === 'disarm') return `disarm ${effect.timer}`;
  if (effect.kind === 'sendNotification') return notificationName(effect.notification);
  return effect.kind;
}

function machineIn(state: keyof typeof TO, passive = false): SessionMachine {
  const machine = new SessionMachine({ passive, restarts: true });
  for (const kind of TO[state]) machine.step(eventOf(kind));
  assert.equal(machine.state, state);
  return machine;
}

const LEAVE = 'disconnect, disarm connectRetry, disarm hold, disarm keepalive, arm idleHold';
const MALFORMED = `UPDATE Message Error/Malformed Attribute List, ${LEAVE}`;
const STOP = `UPDATE Message Error/Malformed Attribute List, disconnect, disarm hold, disarm keepalive`;
const COLLISION = `Cease/Connection Collision Resolution, ${LEAVE}`;
const EXPIRED = `Hold Timer Expired, ${LEAVE}`;
const unexpected = (state: string): string =>
  `Finite State Machine Error/Receive Unexpected Message in ${state} State, ${LEAVE}`;
const OPENING = 'disarm connectRetry, sendOpen, arm hold 240000';
const LISTEN = 'disconnect, arm connectRetry';
const REDIAL = 'disconnect, arm connectRetry, connect';
const BEAT = 'sendKeepalive, arm keepalive 30000';
const AGAIN = 'disarm idleHold, arm connectRetry, connect';

/** For each state and event: the next state, then the effects (RFC 4271 §8.2.2). */
const TABLE: Readonly<Record<keyof typeof TO, Readonly<Record<Kind, readonly [string, string]>>>> =
  {
    Idle: {
      Start: ['Connect', AGAIN],
      Stop: ['Idle', 'disarm idleHold'],
      ConnectRetryTimer_Expires: ['Idle', ''],
      HoldTimer_Expires: ['Idle', ''],
      KeepaliveTimer_Expires: ['Idle', ''],
      SendHoldTimer_Expires: ['Idle', ''],
      IdleHoldTimer_Expires: ['Connect', AGAIN],
      Tcp_CR_Acked: ['Idle', ''],
      TcpConnectionConfirmed: ['Idle', ''],
      TcpConnectionFails: ['Idle', ''],
      BGPOpen: ['Idle', ''],
      BGPHeaderErr: ['Idle', ''],
      BGPOpenMsgErr: ['Idle', ''],
      OpenCollisionDump: ['Idle', ''],
      NotifMsg: ['Idle', ''],
      KeepAliveMsg: ['Idle', ''],
      UpdateMsg: ['Idle', ''],
      UpdateMsgErr: ['Idle', ''],
      RouteRefreshMsg: ['Idle', ''],
    },
    Connect: whileConnecting('Connect'),
    Active: whileConnecting('Active'),
    OpenSent: {
      Start: ['OpenSent', ''],
      Stop: ['Idle', STOP],
      ConnectRetryTimer_Expires: ['Idle', unexpected('OpenSent')],
      HoldTimer_Expires: ['Idle', EXPIRED],
      KeepaliveTimer_Expires: ['Idle', unexpected('OpenSent')],
      SendHoldTimer_Expires: ['Idle', LEAVE],
      IdleHoldTimer_Expires: ['Idle', unexpected('OpenSent')],
      Tcp_CR_Acked: ['Idle', unexpected('OpenSent')],
      TcpConnectionConfirmed: ['Idle', unexpected('OpenSent')],
      TcpConnectionFails: ['Active', `disarm hold, ${LISTEN}`],
      BGPOpen: ['OpenConfirm', `${BEAT}, arm hold 90000`],
      BGPHeaderErr: ['Idle', MALFORMED],
      BGPOpenMsgErr: ['Idle', MALFORMED],
      OpenCollisionDump: ['Idle', COLLISION],
      NotifMsg: ['Idle', LEAVE],
      KeepAliveMsg: ['Idle', unexpected('OpenSent')],
      UpdateMsg: ['Idle', unexpected('OpenSent')],
      UpdateMsgErr: ['Idle', unexpected('OpenSent')],
      RouteRefreshMsg: ['Idle', unexpected('OpenSent')],
    },
    OpenConfirm: {
      ...whileOpen('OpenConfirm'),
      KeepaliveTimer_Expires: ['OpenConfirm', BEAT],
      KeepAliveMsg: ['Established', 'arm hold 90000, established'],
      UpdateMsg: ['Idle', unexpected('OpenConfirm')],
      UpdateMsgErr: ['Idle', unexpected('OpenConfirm')],
      RouteRefreshMsg: ['Idle', unexpected('OpenConfirm')],
    },
    Established: {
      ...whileOpen('Established'),
      KeepaliveTimer_Expires: ['Established', BEAT],
      KeepAliveMsg: ['Established', 'arm hold 90000'],
      UpdateMsg: ['Established', 'arm hold 90000'],
      UpdateMsgErr: ['Idle', MALFORMED],
      RouteRefreshMsg: ['Established', 'refreshRoutes'],
    },
  };

function whileConnecting(state: string): Readonly<Record<Kind, readonly [string, string]>> {
  return {
    Start: [state, ''],
    Stop: ['Idle', 'disconnect, disarm connectRetry'],
    ConnectRetryTimer_Expires: ['Connect', REDIAL],
    HoldTimer_Expires: ['Idle', LEAVE],
    KeepaliveTimer_Expires: ['Idle', LEAVE],
    SendHoldTimer_Expires: ['Idle', LEAVE],
    IdleHoldTimer_Expires: ['Idle', LEAVE],
    Tcp_CR_Acked: ['OpenSent', OPENING],
    TcpConnectionConfirmed: ['OpenSent', OPENING],
    TcpConnectionFails: ['Active', LISTEN],
    BGPOpen: ['Idle', LEAVE],
    BGPHeaderErr: ['Idle', LEAVE],
    BGPOpenMsgErr: ['Idle', LEAVE],
    OpenCollisionDump: ['Idle', LEAVE],
    NotifMsg: ['Idle', LEAVE],
    KeepAliveMsg: ['Idle', LEAVE],
    UpdateMsg: ['Idle', LEAVE],
    UpdateMsgErr: ['Idle', LEAVE],
    RouteRefreshMsg: ['Idle', LEAVE],
  };
}

function whileOpen(state: string) {
  return {
    Start: [state, ''],
    Stop: ['Idle', STOP],
    ConnectRetryTimer_Expires: ['Idle', unexpected(state)],
    HoldTimer_Expires: ['Idle', EXPIRED],
    SendHoldTimer_Expires: ['Idle', LEAVE],
    IdleHoldTimer_Expires: ['Idle', unexpected(state)],
    Tcp_CR_Acked: ['Idle', unexpected(state)],
    TcpConnectionConfirmed: ['Idle', unexpected(state)],
    TcpConnectionFails: ['Idle', LEAVE],
    BGPOpen: ['Idle', unexpected(state)],
    BGPHeaderErr: ['Idle', MALFORMED],
    BGPOpenMsgErr: ['Idle', MALFORMED],
    OpenCollisionDump: ['Idle', COLLISION],
    NotifMsg: ['Idle', LEAVE],
  } as const;
}

for (const [state, row] of Object.entries(TABLE)) {
  test(`SessionMachine in ${state} does on each event as the table says`, () => {
    for (const [kind, [next, effects]] of Object.entries(row)) {
      const machine = machineIn(state as keyof typeof TO);
      const made = machine.step(eventOf(kind as Kind));
      assert.deepEqual([machine.state, made.map(textOf).join(', ')], [next, effects], kind);
    }
  });
}

test('SessionMachine that is passive waits in Active and never connects', () => {
  const machine = new SessionMachine({ passive: true, restarts: true });
  assert.deepEqual(machine.step({ kind: 'Start' }).map(textOf), ['disarm idleHold']);
  assert.equal(machine.state, 'Active');
  machine.step({ kind: 'TcpConnectionConfirmed' });
  assert.deepEqual(machine.step({ kind: 'TcpConnectionFails' }).map(textOf), [
    'disarm hold',
    'disconnect',
  ]);
  assert.equal(machine.state, 'Active');
});

test('SessionMachine with a hold time of 0 arms neither timer (RFC 4271 §4.2)', () => {
  const machine = machineIn('OpenSent');
  const made = machine.step({ kind: 'BGPOpen', holdMs: 0, keepaliveMs: 0 });
  assert.deepEqual(made.map(textOf), ['sendKeepalive', 'disarm hold']);
});
