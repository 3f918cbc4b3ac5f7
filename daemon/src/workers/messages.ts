// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type {
  FleetAddress,
  FleetOverview,
  FollowState,
  PublishState,
  PullState,
  PushState,
} from '@sentrypeer/fleet';
import type { LogFields } from '@sentrypeer/kernel';
import type { AgentDecision } from '@sentrypeer/redirect';
import type { EventPage, EventSample, StoreReader } from '@sentrypeer/store';
import type { SipLocals } from '../services/sip-listeners.ts';
import type { AgentCounters } from '../services/agent-counters.ts';
import type { AgentServiceOptions } from '../services/agent-service.ts';
import type { SipCounters } from '../services/sip-counters.ts';
import type { SipServiceOptions } from '../services/sip-service.ts';
import type { StoreServiceOptions } from '../services/store-service.ts';
import type { CommandArguments, WriterCommand } from '../services/writer-commands.ts';

/* Everything that threads say to one another. */

/** A log line of a worker; the main thread prints it. */
export interface LogMessage {
  readonly kind: 'log';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields | undefined;
}

/** Long work in a worker; the main thread shows it. */
export interface ProgressMessage {
  readonly kind: 'progress';
  readonly work: string;
  readonly done: number;
  readonly total: number;
}

/** A worker's event loop turns. */
export interface AliveMessage {
  readonly kind: 'alive';
}

/** A worker could not start: an `OperatingError` by its code and message. */
export interface FailedMessage {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
}

export interface SipWorkerData {
  /** The way to the store thread: `BatchMessage` out, `BlockMessage` back. */
  readonly blocks: MessagePort;
  readonly blocksCountMax: number;
}

/** The password of an account was found: anybody who has it gets in, whichever thread receives the request. */
interface WonMessage {
  readonly kind: 'won';
  readonly account: string;
}

/** `open` comes once at most, and `stop` may come without it. */
export type SipWorkerInput =
  | WonMessage
  | { readonly kind: 'open'; readonly options: SipServiceOptions }
  /** Answered by `hushed`; `stop` follows when all threads are. */
  | { readonly kind: 'hush' }
  | { readonly kind: 'stop' };

export type SipWorkerOutput =
  | LogMessage
  | ProgressMessage
  | AliveMessage
  | FailedMessage
  | WonMessage
  | { readonly kind: 'counters'; readonly counters: SipCounters }
  | { readonly kind: 'hushed' }
  | { readonly kind: 'ready'; readonly locals: SipLocals };

/** A batch of events, whose memory goes with it. */
export interface BatchMessage {
  readonly batch: Uint8Array;
}

/** The memory of a batch that was dealt with. */
export interface BlockMessage {
  readonly block: ArrayBuffer;
}

export interface StoreWorkerData {
  readonly options: StoreServiceOptions;
  readonly sipPorts: readonly MessagePort[];
}

export type StoreWorkerInput =
  /** Answered by `answered` with the same number. */
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly command: WriterCommand;
      readonly args: CommandArguments<WriterCommand>;
    }
  /** The receiving threads are stopping: record all they hand over, then say `drained`. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'stop' };

export type StoreWorkerOutput =
  | LogMessage
  | ProgressMessage
  | AliveMessage
  | FailedMessage
  | { readonly kind: 'ready' }
  | { readonly kind: 'committed'; readonly lastHoneyId: number }
  /** The feed of listings has changes up to this serial. */
  | { readonly kind: 'listed'; readonly serial: number }
  /** Why nothing is recorded, or that it is again. */
  | { readonly kind: 'stall'; readonly why: string | undefined }
  /** `failure` says why it was not done. */
  | {
      readonly kind: 'answered';
      readonly call: number;
      readonly failure: FailedMessage | undefined;
      readonly answer: unknown;
    }
  | { readonly kind: 'drained' };

export interface ReaderWorkerData {
  readonly dbFile: string;
}

/** What `StoreReader.events()` is asked. */
export type EventQuestion = Parameters<StoreReader['events']>;

/** What `StoreReader.sampleEvents()` is asked. */
export type EventSampleQuestion = Parameters<StoreReader['sampleEvents']>;

export type ReaderWorkerInput =
  /** Answered by `found` or `not-found` with the same number. */
  | { readonly kind: 'find'; readonly call: number; readonly question: EventQuestion }
  | { readonly kind: 'sample'; readonly call: number; readonly question: EventSampleQuestion }
  | { readonly kind: 'stop' };

export type ReaderWorkerOutput =
  | LogMessage
  | ProgressMessage
  | AliveMessage
  | FailedMessage
  | { readonly kind: 'ready' }
  | { readonly kind: 'found'; readonly call: number; readonly answer: EventPage | EventSample }
  | { readonly kind: 'not-found'; readonly call: number; readonly failure: FailedMessage };

export interface AgentWorkerData {
  readonly options: AgentServiceOptions;
}

export interface AgentWorkerInput {
  readonly kind: 'stop';
}

export type AgentWorkerOutput =
  | LogMessage
  | ProgressMessage
  | AliveMessage
  | FailedMessage
  | { readonly kind: 'ready'; readonly locals: SipLocals }
  | { readonly kind: 'decisions'; readonly decisions: readonly AgentDecision[] }
  | { readonly kind: 'counters'; readonly counters: AgentCounters };

export interface FleetWorkerData {
  readonly dbFile: string;
  readonly address: FleetAddress;
  readonly nodeId: string;
  readonly version: string;
  readonly hasMessages: boolean;
  readonly role: FleetPart;
}

/** What a node does in a fleet: push alone, take what others pushed, too, or only follow what hubs list. */
type FleetPart = 'sensor' | 'hub' | 'follower';

export type FleetWorkerInput =
  /** There are new events. */
  | { readonly kind: 'wake' }
  /** What is listed here has changed. */
  | { readonly kind: 'listed' }
  /** What the writer answered to the call of the same number. */
  | {
      readonly kind: 'answered';
      readonly call: number;
      readonly failure: FailedMessage | undefined;
      readonly answer: unknown;
    }
  /** Push what there is within a deadline, then end. */
  | { readonly kind: 'stop' };

/** Commands to the writer that a fleet needs. */
export type FleetCommand =
  | 'openFleet'
  | 'resumeFleet'
  | 'nextForFleet'
  | 'deliver'
  | 'decisionsSent'
  | 'takeDecisions'
  | 'beginFollowing'
  | 'takeListings'
  | 'sweepListings';

export type FleetWorkerOutput =
  | LogMessage
  | ProgressMessage
  | AliveMessage
  | FailedMessage
  | { readonly kind: 'ready' }
  /** Answered by `answered` with the same number. */
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly command: FleetCommand;
      readonly args: CommandArguments<FleetCommand>;
    }
  | ({ readonly kind: 'state' } & FleetWork);

/** How each part of the work is getting on; `undefined` for those that this node does not do. */
export interface FleetWork {
  readonly push: PushState | undefined;
  readonly pull: PullState | undefined;
  readonly publish: PublishState | undefined;
  readonly follow: FollowState | undefined;
  readonly overview: FleetOverview | undefined;
}
