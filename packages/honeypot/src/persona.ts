// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { TagShape } from './to-tags.ts';

/** A list to choose from. */
export type Choices<T> = readonly [T, ...T[]];

/**
 * A family of PBXs with what its members really send, kept together so that no answer contradicts another
 * one. Where a family differs by version there is a list, from which each node draws by its secret.
 */
export interface Persona {
  readonly name: string;
  /** The header that names the product, and its values. */
  readonly productHeader: 'Server' | 'User-Agent';
  readonly products: Choices<string>;
  /** Whether the product stands behind the other headers of an answer. */
  readonly productLast: boolean;
  readonly tagShape: TagShape;
  /** Letters, digits, dots and underscores only, or tools read an empty realm. */
  readonly realms: Choices<string>;
  /** Whether a challenge offers `qop="auth"`. */
  readonly qop: boolean;
  readonly nonceDigits: 24 | 32;
  /** How a call is challenged. */
  readonly inviteChallenge: 401 | 407;
  /** How a call to a number is refused. */
  readonly refusal: 404 | 503;
  readonly allow: Choices<string>;
  readonly supported: string;
  readonly accept: string;
  /** Whether every answer says Allow and Supported, or only that to OPTIONS. */
  readonly capabilitiesEverywhere: boolean;
  /** Reason phrases other than those of RFC 3261. */
  readonly reasons: ReadonlyMap<number, string>;
  /** User name in the origin line and session name of a session description. */
  readonly sdpOrigin: string;
  readonly sdpSession: string;
}
