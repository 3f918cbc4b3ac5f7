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
  /** Events up to this one are in the database. */
  readonly onCommitted: (lastHoneyId: number) => void;
  /** The feed of listings has changes up to this serial. */
  readonly onListed: (serial: number) => void;
  /** A thread failed while it ran. */
  readonly onFailed: (error: unknown) => void;
  /** Of the demo. @default none */
  readonly stage?: Stage | undefined;
}

/** What receives and what stores: in one thread, or in several with the same objects in each. */
export interface Engine extends Writer {
  /** What the receiving threads did, some second ago at most. */
  sipCounters(): SipCounters;
  /** Why nothing is recorded at present, for a person; `undefined` while all is well. */
  stall(): string | undefined;
  /** The name of a thread that hangs; `undefined` while all turn. */
  stuck(): string | undefined;
  /** Opens the SIP ports; throws `OperatingError` with nothing left open. */
  openSip(options: SipServiceOptions): Promise<SipLocals>;
  /** Gives back what of this thread's memory only makes it faster; other threads do so by themselves. */
  releaseMemory(): void;
  /** Closes the SIP ports and records all that was received. */
  drain(): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
}
