// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import type { Stage } from './demo/stage.ts';
import type { SipLocals } from './services/sip-listeners.ts';
import type { SipCounters } from './services/sip-counters.ts';
import type { SipServiceOptions } from './services/sip-service.ts';
import type { Writer } from './services/writer-commands.ts';

export interface EnginePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Events up to this id are in the database. */
  readonly onCommitted: (lastHoneyId: number) => void;
  /** The feed of listings has changes up to this serial. */
  readonly onListed: (serial: number) => void;
  /** A thread failed while running. */
  readonly onFailed: (error: unknown) => void;
  /** Only in the demo. @default none */
  readonly stage?: Stage | undefined;
}

/** What fails in the database although recording works. */
export interface StoreTrouble {
  /** For a person. */
  readonly why: string;
  /** Parts of the file cannot be read: nobody knows what is missing. */
  readonly isDamaged: boolean;
}

/** The parts that receive and store: in one thread, or the same objects spread over several. */
export interface Engine extends Writer {
  /** What the receiving threads did, about a second ago at most. */
  sipCounters(): SipCounters;
  /** Why nothing is recorded at present, for a person; `undefined` while all is well. */
  stall(): string | undefined;
  /** What fails or is lost although recording works, as when judging fails; `undefined` while all is well. */
  trouble(): StoreTrouble | undefined;
  /** The name of a thread that hangs; `undefined` if none does. */
  stuck(): string | undefined;
  /** Opens the SIP ports; throws `OperatingError` with nothing left open. */
  openSip(options: SipServiceOptions): Promise<SipLocals>;
  /** Releases memory of this thread that only makes it faster; other threads do so on their own. */
  releaseMemory(): void;
  /** Closes the SIP ports and records everything that was received. */
  drain(): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
}
