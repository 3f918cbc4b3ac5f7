// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Bits of the widest network that is ever refused. Chosen: wider than anything that is listed; one mistake must not cut off a country. */
export const IPV4_LENGTH_MIN = 16;
export const IPV6_LENGTH_MIN = 32;

/** Seconds that an entry holds at most without being told again: 30 days. The kernel itself takes it out after that. */
export const TIMEOUT_S_MAX = 2_592_000;

/** Entries in one statement for nft, 1 and above. Chosen: a line of some 200 kB. */
export const STATEMENT_ENTRIES_MAX = 5000;

/** Changes in one transaction, 1 and above. Chosen: some 50 ms of nft, and few enough for a container without privilege. */
export const BATCH_CHANGES_MAX = 1000;

/** Entries that are loaded at a time where the kernel takes no longer transactions: 2,000 are some 200 kB for it, half of what it takes. */
export const PART_ENTRIES_MAX = 2000;

/** Networks that are spared, 1 and above: own ones, the allowlist, connections. Those beyond it are left out, and the log says so. */
export const SPARED_COUNT_MAX = 20_000;

/** Milliseconds between two looks at the table, at who is to be spared, and at what has run out. A change by somebody else is seen within twice that. */
export const LOOK_MS = 4000;

/** Milliseconds for which it is believed who is to be spared, while changes come. */
export const SPARED_MS = 1000;

/** One part in so many of the time goes into comparing all entries with the kernel's. Chosen: 2 % of a core; 10,000 entries are compared every 8 s. */
export const COMPARE_SHARE = 50;

/** Milliseconds by which the kernel may be ahead of us or behind us with the end of an entry. */
export const END_TOLERANCE_MS = 15_000;

/** Milliseconds by which the end of an entry must move before the kernel is told. */
export const END_CHANGE_MS_MIN = 1000;

/** Milliseconds that one run of nft may take. Chosen: 100,000 entries take less than one second. */
export const NFT_RUN_MS_MAX = 60_000;

/** Characters that are read of what nft prints, 1 and above: 1,000,000 entries. */
export const NFT_OUTPUT_CHARACTERS_MAX = 134_217_728;

/** Characters of nft's own words that a message repeats. */
export const NFT_WORDS_MAX = 300;

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

/** Examples of entries that were left out, in the status. */
export const LEFT_OUT_EXAMPLES_MAX = 20;

assert(RETRY_MS_MIN <= RETRY_MS_MAX, 'retries slow down');
assert(2 * LOOK_MS < 10_000, 'a change by somebody else is seen within 10 s');
