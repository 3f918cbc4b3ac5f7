// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NeighbourOptions } from './options.ts';

/** RFC 4271 §8.2.2. */
export type SessionState =
  | 'Idle'
  | 'Connect'
  | 'Active'
  | 'OpenSent'
  | 'OpenConfirm'
  | 'Established';

/** Why the session last ended, or a connection last failed. */
export interface SessionError {
  readonly atEpochMs: number;
  /** `local` means without a NOTIFICATION: the connection failed or closed. */
  readonly direction: 'sent' | 'received' | 'local';
  /** Error code and subcode of the NOTIFICATION (RFC 4271 §4.5). */
  readonly code: number | undefined;
  readonly subcode: number | undefined;
  /** Such as `Cease/Maximum Number of Prefixes Reached`, or the system's code, such as `ECONNREFUSED`. */
  readonly name: string;
  /** What the neighbour's operator wrote (RFC 9003), without control characters. */
  readonly communication: string | undefined;
}

export interface MessageCounts {
  readonly messages: number;
  readonly octets: number;
  readonly updates: number;
}

export interface NeighbourStatus {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly remoteAsn: number;
  readonly localAsn: number;
  readonly form: NonNullable<NeighbourOptions['form']>;
  readonly state: SessionState;
  /** Wall-clock milliseconds at which it entered this state. */
  readonly sinceEpochMs: number;
  /** Milliseconds for which the session has been up; 0 if it is not. */
  readonly uptimeMs: number;
  /** When it tries again, if it is waiting. */
  readonly retryAtEpochMs: number | undefined;
  /** What was negotiated; `undefined` while the session is not up. */
  readonly session:
    | {
        readonly remoteRouterId: string;
        readonly isIncoming: boolean;
        readonly holdTimeS: number;
        readonly keepaliveS: number;
        /** Such as `ipv4 unicast`. */
        readonly families: readonly string[];
        /** Names of the capabilities that both sides have. */
        readonly capabilities: readonly string[];
        /** Whether all prefixes, and End-of-RIB, were sent for each family. */
        readonly isInSync: boolean;
      }
    | undefined;
  /** Prefixes that the neighbour has from us. */
  readonly prefixesOut: number;
  /** Announcements and withdrawals still to be sent. */
  readonly prefixesPending: number;
  /** Prefixes that are not sent because of `limits.prefixesMax`. */
  readonly prefixesHeldBack: number;
  /** Since the speaker was opened. */
  readonly received: MessageCounts;
  readonly sent: MessageCounts;
  /** Prefixes that the neighbour announced; all are dropped. */
  readonly prefixesDropped: number;
  /** UPDATEs with malformed attributes that did not end the session (RFC 7606). */
  readonly updatesMalformed: number;
  /** Requests of the neighbour to send everything again (RFC 2918). */
  readonly refreshesCount: number;
  /** Sessions that were up and ended. */
  readonly flapsCount: number;
  readonly lastError: SessionError | undefined;
  /**
   * What the last NOTIFICATION since the session was up said, even if attempts have since failed for another reason.
   */
  readonly lastNotification: SessionError | undefined;
}

export interface SpeakerStatus {
  readonly neighbours: readonly NeighbourStatus[];
  /** Prefixes that are announced, to each neighbour up to its limit. */
  readonly prefixes: { readonly ipv4: number; readonly ipv6: number };
  /** Prefixes left out because the table was full. */
  readonly prefixesRefused: number;
  /** Connections that were closed at once because no neighbour has their source address. */
  readonly strangersCount: number;
}
