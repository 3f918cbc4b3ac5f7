// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Characters of an address of a fleet's database. Chosen: every name and password of people is shorter. */
export const ADDRESS_CHARACTERS_MAX = 2048;

/** Characters of the name of a node, which is the name of a role of PostgreSQL: NAMEDATALEN - 1. */
export const NODE_NAME_CHARACTERS_MAX = 63;

/** Octets of a password that we make; 144 bits, which nobody guesses. A multiple of 3, so that Base64 has no padding. */
export const PASSWORD_OCTETS = 18;

/** Rounds of PBKDF2 for such a password, RFC 7677 §4: more would slow each connection down and protect nothing. */
export const SCRAM_ITERATIONS = 4096;

/** Octets of the salt, as PostgreSQL makes it. */
export const SCRAM_SALT_OCTETS = 16;

/** Milliseconds to reach the database and log in. Chosen: also over a satellite. */
export const CONNECT_MS_MAX = 10_000;

/** Milliseconds for the answer to one statement; a migration of a large fleet adds no column that rewrites a table. */
export const STATEMENT_MS_MAX = 120_000;

/** Connections that the role of one node may have: one that works, and one that a dead machine left over. */
export const NODE_CONNECTIONS_MAX = 4;

/** Days ahead for which `fleet init` makes partitions. */
export const PREPARED_DAYS = 7;

/** Lowest `server_version_num` of PostgreSQL: 15. */
export const SERVER_VERSION_MIN = 150_000;
