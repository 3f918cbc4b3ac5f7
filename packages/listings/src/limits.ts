// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Prefix length of the widest network that is ever enforced. Chosen: wider than anything that is listed; one mistake
 * must not cut off a country.
 */
export const IPV4_LENGTH_MIN = 16;
export const IPV6_LENGTH_MIN = 32;

/** Most seconds that an entry holds without being confirmed: 30 days. */
export const TIMEOUT_S_MAX = 2_592_000;

/**
 * Networks that are spared, 1 and above: own ones, the allowlist, connections. Any more are left out, and the log says
 * so.
 */
export const SPARED_COUNT_MAX = 20_000;

/** Milliseconds by which the end of an entry must move before the change is passed on. */
export const END_CHANGE_MS_MIN = 1000;

/** Milliseconds before the first new attempt after a failure, doubled for each that follows, up to the second value. */
export const RETRY_MS_MIN = 500;
export const RETRY_MS_MAX = 30_000;

/**
 * Milliseconds without a sign of life on the stream before it is opened again: somewhat more than three of the node's
 * beats.
 */
export const SILENCE_MS_MAX = 35_000;

/** Milliseconds for the node to begin its answer. */
export const ANSWER_MS_MAX = 10_000;

/** Characters of one event on the stream, 1 and above. */
export const EVENT_CHARACTERS_MAX = 262_144;

/** Octets of a system file that are read, 1 and above: some 25,000 connections. */
export const SYSTEM_FILE_OCTETS_MAX = 4_194_304;

/**
 * Milliseconds that a connection to the SSH port must last before its source is spared. sshd ends what has not logged
 * in after 120 s (LoginGraceTime), so an older one belongs to somebody who may log in; otherwise an attacker would only
 * have to connect.
 */
export const TRUSTED_CONNECTION_MS = 150_000;

/** Connections whose age is remembered, 1 and above. */
export const CONNECTIONS_COUNT_MAX = 10_000;

/** Sessions of systemd-logind that are read, 1 and above. */
export const SESSIONS_COUNT_MAX = 1000;

/**
 * Shortest prefix length of a network of this machine that is spared as a whole, because its neighbours are in it. A
 * wider one belongs to the provider.
 */
export const NEIGHBOURS_IPV4_LENGTH_MIN = 24;
export const NEIGHBOURS_IPV6_LENGTH_MIN = 64;

assert(RETRY_MS_MIN <= RETRY_MS_MAX, 'retries slow down');
