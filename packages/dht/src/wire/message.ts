// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import type { InfoHash } from '../info-hash.ts';
import type { Value } from '../values/value.ts';

/** The queries that get an answer (PROTOCOL 3). */
export const QUERY_NAMES = ['ping', 'find', 'get', 'put', 'listen', 'refresh', 'update'] as const;
export type QueryName = (typeof QUERY_NAMES)[number];

/** Codes of an error (PROTOCOL 4.9). */
export const ErrorCode = { malformed: 203, unauthorized: 401, notFound: 404 } as const;

/** Wanted address families: the numbers of Linux, and only these (PROTOCOL 3.4). */
export const WANT_IPV4 = 2;
export const WANT_IPV6 = 10;

/** Fields of a value that a filter can name (PROTOCOL 4.4). */
export const Field = { id: 1, type: 2, owner: 3, sequence: 4, userType: 5 } as const;
export type Field = (typeof Field)[keyof typeof Field];

export type Condition =
  | { readonly field: typeof Field.id; readonly id: bigint }
  | { readonly field: typeof Field.type; readonly type: number }
  | { readonly field: typeof Field.owner; readonly owner: InfoHash }
  | { readonly field: typeof Field.userType; readonly userType: string };

/** Which values, and which of their fields; an empty selection asks for whole values. */
export interface Filter {
  readonly select: readonly Field[];
  readonly where: readonly Condition[];
}

export type FieldValue = bigint | string | Uint8Array;

/** Selected fields of some values: one row per value, in the order of `fields`. */
export interface FieldRows {
  readonly fields: readonly Field[];
  readonly rows: readonly (readonly FieldValue[])[];
}

/** A node as others mention it. */
export interface NodeRecord {
  readonly id: InfoHash;
  readonly endpoint: Endpoint;
}

/** A value in a message: whole, or only its size, with its octets following in parts (PROTOCOL 6). */
export type ValueSlot =
  | { readonly index: number; readonly value: Value }
  | { readonly index: number; readonly size: number };

/** All argument keys (PROTOCOL 3.1). */
export interface Arguments {
  readonly id: InfoHash;
  /** `sa`: the address the answerer saw. */
  readonly seenAddress: Uint8Array | undefined;
  readonly target: InfoHash | undefined;
  /** `h`: the key. */
  readonly key: InfoHash | undefined;
  /** `w` */
  readonly want: readonly number[] | undefined;
  /** `q` */
  readonly filter: Filter | undefined;
  readonly token: Uint8Array | undefined;
  /** `values` as read. Unreadable values are left out. */
  readonly slots: readonly ValueSlot[] | undefined;
  /** `c`: Unix seconds. */
  readonly created: number | undefined;
  /** `vid` */
  readonly valueId: bigint | undefined;
  /** `sid` */
  readonly socketId: number | undefined;
  /** `ve` */
  readonly version: number | undefined;
  readonly n4: readonly NodeRecord[] | undefined;
  readonly n6: readonly NodeRecord[] | undefined;
  /** `fileds` */
  readonly fields: FieldRows | undefined;
  /** `exp` */
  readonly expired: readonly bigint[] | undefined;
  /** `re` */
  readonly refreshed: readonly bigint[] | undefined;
}

/** What every datagram says about its sender in addition to its id. */
export interface Envelope {
  /** 0 is the public network. */
  readonly network: number;
  /** The sender wants neither to be listed nor to store values. */
  readonly client: boolean;
  /** `v`, the sender's software. */
  readonly agent: string | undefined;
}

export interface QueryMessage extends Envelope {
  readonly kind: 'query';
  readonly name: QueryName;
  readonly tid: number;
  readonly args: Arguments;
}

export interface ReplyMessage extends Envelope {
  readonly kind: 'reply';
  readonly tid: number;
  readonly args: Arguments;
}

export interface ErrorMessage extends Envelope {
  readonly kind: 'error';
  readonly tid: number;
  readonly code: number;
  readonly text: string;
  readonly args: Arguments;
}

/** Refreshed or expired ids for a listener without `ve` (PROTOCOL 10.5). */
interface LegacyUpdateMessage extends Envelope {
  readonly kind: 'legacy-update';
  readonly tid: number;
  readonly args: Arguments;
}

/** A piece of the packed octets of the value at `index`. `octets` is borrowed. */
export interface Part {
  readonly index: number;
  readonly offset: number;
  readonly octets: Uint8Array;
}

export interface PartMessage {
  readonly kind: 'part';
  readonly network: number;
  readonly tid: number;
  readonly parts: readonly Part[];
}

export type Message =
  | QueryMessage
  | ReplyMessage
  | ErrorMessage
  | LegacyUpdateMessage
  | PartMessage;

/** Why a datagram is dropped. */
export type RefusalCode =
  | 'not_msgpack'
  | 'not_a_message'
  | 'unknown_query'
  | 'bad_tid'
  | 'bad_id'
  | 'bad_argument'
  | 'bad_part';

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly code: RefusalCode; readonly offset: number };
