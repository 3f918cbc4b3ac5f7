// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Bits of the widest network that is ever acted on. Chosen: wider than anything that is listed; one mistake must not cut off a country. */
export const IPV4_LENGTH_MIN = 16;
export const IPV6_LENGTH_MIN = 32;

/** Seconds that an entry holds at most without being told again: 30 days. */
export const TIMEOUT_S_MAX = 2_592_000;

/** Networks that are spared, 1 and above: own ones, the allowlist, connections. Those beyond it are left out, and the log says so. */
export const SPARED_COUNT_MAX = 20_000;

/** Milliseconds by which the end of an entry must move before it is told on. */
export const END_CHANGE_MS_MIN = 1000;

/** Milliseconds before the first attempt after one that failed, doubled for each that follows, up to the second. */
export const RETRY_MS_MIN = 500;
export const RETRY_MS_MAX = 30_000;

/** Milliseconds without a sign of life on the stream before it is opened again: three of the node's beats, and some. */
export const SILENCE_MS_MAX = 35_000;

/** Milliseconds for the node to begin its answer. */
export const ANSWER_MS_MAX = 10_000;

/** Characters of one event on the stream, 1 and above. */
export const EVENT_CHARACTERS_MAX = 262_144;

/** Octets that are read of a file of the system, 1 and above: some 25,000 connections. */
export const SYSTEM_FILE_OCTETS_MAX = 4_194_304;

/**
 * Milliseconds that a connection to the SSH port must last before its source is spared. sshd ends what has not logged in
 * after 120 s (LoginGraceTime), so anything older belongs to somebody who may log in; else an attacker would only have to connect.
 */
export const TRUSTED_CONNECTION_MS = 150_000;

/** Connections whose age is remembered, 1 and above. */
export const CONNECTIONS_COUNT_MAX = 10_000;

/** Sessions of systemd-logind that are read, 1 and above. */
export const SESSIONS_COUNT_MAX = 1000;

/** Bits of a network of this machine that is spared as a whole, at least: its neighbours. A wider one belongs to the provider. */
export const NEIGHBOURS_IPV4_LENGTH_MIN = 24;
export const NEIGHBOURS_IPV6_LENGTH_MIN = 64;

assert(RETRY_MS_MIN <= RETRY_MS_MAX, 'retries slow down');
