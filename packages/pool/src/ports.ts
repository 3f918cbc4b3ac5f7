// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DhtNode } from '@sentrypeer/dht';
import type { BatchedEvent, CollectedMethod, Trust } from '@sentrypeer/event';
import type { CursorSink, EventLog } from '@sentrypeer/follow';
import type { Clock, Logger, Random } from '@sentrypeer/kernel';
import type { Signer } from './ed25519.ts';

/** The DHT as sharing uses it; a `DhtNode` is one. */
type Network = Pick<DhtNode, 'put' | 'cancel' | 'get' | 'listen' | 'connected' | 'isConnected'>;

/** What is recorded about an origin. */
export interface KnownOrigin {
  readonly trust: Trust;
  /** Raw Ed25519 key; `undefined` if it signs nothing. */
  readonly publicKey: Uint8Array | undefined;
  /** Wall-clock microseconds of the first time something of it was taken. */
  readonly firstSeenEpochUs: number;
}

interface Origins {
  /** @param nodeId An origin's, or {@link UNSIGNED_ORIGINS}. */
  origin(nodeId: string): KnownOrigin | undefined;
}

/** An event that another node shared, and where it came from. */
export interface ReceivedEvent {
  /** Its grade is the lowest, because a stranger's report is not our own evidence. */
  readonly event: BatchedEvent;
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
  readonly origin: {
    /** The raw Ed25519 key that signed it; `undefined` if it is not signed. */
    readonly publicKey: Uint8Array | undefined;
    /** The DHT node that sent it to us; empty if that is not known. */
    readonly address: string;
  };
}

export interface PoolPorts {
  readonly network: Network;
  readonly log: EventLog;
  readonly cursors: CursorSink;
  readonly origins: Origins;
  /** Whether this origin's event is already in the log. */
  readonly isRecorded: (nodeId: string, eventUuid: string) => boolean;
  /** Resolves with the number of new events; rejects with `OperatingError` if nothing can be recorded now. */
  readonly record: (events: readonly ReceivedEvent[]) => Promise<number>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Calls `run` once after `waitMs` milliseconds. Returns a function that cancels it. */
  readonly wakeAfter: (waitMs: number, run: () => void) => () => void;
}

export interface PoolOptions {
  /** The DHT's network id, which is part of what is signed. */
  readonly networkId: number;
  readonly appVersion: string;
  /** Octets of values a day. */
  readonly budgetOctets: number;
  /** Longest random delay before an event is shared, milliseconds; 0 shares it at once. */
  readonly delayMsMax: number;
  /** The result of `exportState()`, perhaps read from a file: every part of it is checked. */
  readonly state?: unknown;
}
