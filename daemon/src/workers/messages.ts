// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { WrittenEvents, WrittenEventSearch, WrittenSample } from '@sentrypeer/api';
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
import type { Config } from '../config/config.ts';
import type { StoreTrouble } from '../engine.ts';
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

/** A worker's event loop is turning. */
export interface AliveMessage {
  readonly kind: 'alive';
}

/** A worker could not start: code and message of an `OperatingError`. */
export interface FailedMessage {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
}

export interface SipWorkerData {
  /** The channel to the store thread: `BatchMessage` out, `BlockMessage` back. */
  readonly blocks: MessagePort;
  readonly blocksCountMax: number;
}

/** The password of an account was found: from now on it is accepted in every receiving thread. */
interface WonMessage {
  readonly kind: 'won';
  readonly account: string;
}

/** `open` comes at most once, and `stop` may come without it. */
export type SipWorkerInput =
  | WonMessage
  | { readonly kind: 'open'; readonly options: SipServiceOptions }
  /** Answered by `hushed`; `stop` follows when all threads are hushed. */
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

/** A batch of events; its memory is transferred. */
export interface BatchMessage {
  readonly batch: Uint8Array;
}

/** The memory of a batch that was processed. */
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
  /** The receiving threads are stopping: record everything they hand over, then say `drained`. */
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
  /** Why nothing is recorded, and what else fails; `undefined` when it works again. */
  | {
      readonly kind: 'stall';
      readonly why: string | undefined;
      readonly trouble: StoreTrouble | undefined;
    }
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
  /** Where countries and networks are looked up. */
  readonly places: Pick<Config, 'countryFile' | 'networkFile'>;
}

/** The arguments of `WrittenEventSearch.find()`. */
export type EventQuestion = Parameters<WrittenEventSearch['find']>;

/** The arguments of `WrittenEventSearch.sample()`. */
export type EventSampleQuestion = Parameters<WrittenEventSearch['sample']>;

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
  | {
      readonly kind: 'found';
      readonly call: number;
      readonly answer: WrittenEvents | WrittenSample;
    }
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

/** What a node does in a fleet: only push, also take what others pushed, or only follow what hubs list. */
type FleetPart = 'sensor' | 'hub' | 'follower';

export type FleetWorkerInput =
  /** There are new events. */
  | { readonly kind: 'wake' }
  /** The listings here have changed. */
  | { readonly kind: 'listed' }
  /** The writer's answer to the call of the same number. */
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

/** The state of each part of the work; `undefined` for parts that this node does not do. */
export interface FleetWork {
  readonly push: PushState | undefined;
  readonly pull: PullState | undefined;
  readonly publish: PublishState | undefined;
  readonly follow: FollowState | undefined;
  readonly overview: FleetOverview | undefined;
}
