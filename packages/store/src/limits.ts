// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

const MIB = 1_048_576;

/** Days that rows and totals are kept, 1 and above. Chosen: a quarter of a year of evidence. */
export const RETENTION_DAYS_DEFAULT = 90;

/** Octets of live pages of the database, 1 MiB and above. Chosen: fits the card of a small device. */
export const DATABASE_OCTETS_DEFAULT = 1024 * MIB;

/** Octets of disk that are left free for others, 0 and above. Chosen: room for logs and an upgrade. */
export const DISK_FREE_OCTETS_DEFAULT = 256 * MIB;

/**
 * Octets by which the database may grow beyond its size for events that an endpoint still has to get, 0 and above.
 * Chosen: days of events for an endpoint that is down, on a disk that is not full.
 */
export const OWED_OCTETS_DEFAULT = 1024 * MIB;

/** Milliseconds between two lines in the log about events that are removed though an endpoint still had to get them. */
export const OWED_REPORT_INTERVAL_MS = 60_000;

/**
 * Dead letters of one endpoint, 1 and above. Chosen: what a person may still look through; an endpoint that refuses
 * more refuses everything, so its events wait instead.
 */
export const DEAD_LETTERS_COUNT_MAX = 10_000;

/** Share of a disk that may be asked to stay free, so that a tiny disk is still of use. */
export const DISK_FREE_SHARE_MAX = 0.1;

/**
 * Octets of the write-ahead log at which it is carried over into the database. Chosen by measurement
 * (bench/store-append.ts): more costs disk, less writes hot pages of the indexes more often.
 */
export const WAL_OCTETS_MAX = 32 * MIB;

/** The same while the disk is nearly full. */
export const WAL_OCTETS_LOW_DISK_MAX = 4 * MIB;

/** Free pages, in octets, kept within the file while the disk is nearly full: room for some commits. */
export const FREE_PAGES_OCTETS_MIN = 16 * MIB;

/** Share of the file that this may take: others who fill the disk do not cost us more of the evidence. */
export const FREE_PAGES_SHARE_MAX = 0.5;

/** Octets of database written for one octet of a batch: the row, its index entries and its totals. */
export const ROW_OCTETS_PER_BATCH_OCTET = 4;

/** Milliseconds after which what was written is carried over and synced, also when it is little. */
export const CHECKPOINT_INTERVAL_MS = 10_000;

/** Milliseconds between looks at the age of rows and totals while nothing expires. */
export const AGE_CHECK_INTERVAL_MS = 10_000;

/** Milliseconds for which a reading of the free disk is believed; at 60 MB/s written that is 3 MB. */
export const DISK_CHECK_INTERVAL_MS = 50;

/** Milliseconds one step of pruning may take; recording waits that long at most. */
export const PRUNE_STEP_MS = 4;

/** The same while a limit is exceeded by a tenth or more: then keeping the limit comes first. */
export const PRUNE_STEP_URGENT_MS = 25;

/** Rows that one statement of pruning takes; about a millisecond. */
export const PRUNE_ROWS = 128;

/** Rows of one commit from which on it makes its own room in a full database; fewer leave that to a step of pruning. */
export const ROOM_ROWS_MIN = 64;

/** Pages of rows that one step searches for rows of a weak grade among strong ones; about a millisecond. */
export const PRUNE_SCAN_PAGES = 16;

/**
 * Octets of database per total of each kind. A total takes about 120 octets with its indexes, so that all three kinds
 * together fill at most a fifth of the database when random sources, numbers and User-Agents flood it.
 */
export const OCTETS_PER_TOTAL = 2048;

/**
 * Octets of database per row of evidence of each kind, per listing of each kind, and per change of them. All of these
 * take about 1,100 octets together, so that they fill at most a quarter of the database.
 */
export const OCTETS_PER_EVIDENCE = 4096;

/**
 * Share of the evidence against addresses that the /64 of one IPv6 /48 may have, and those of one /32; the weakest and
 * oldest make room. Chosen: a site is given a /48 and a provider a /32, which have more /64 than there is room for; with
 * the default size these are 8,192 and 16,384, enough for a whole /48 to be known as one (`network-56`, `network-48`).
 */
export const EVIDENCE_SHARES: readonly (readonly [bits: number, share: number])[] = [
  [48, 1 / 32],
  [32, 1 / 16],
];

/** Rows of evidence that make room at once, 1 and above: they are sorted for it, so that it is worth while. */
export const MAKE_ROOM_ROWS = 256;

/**
 * Rows of evidence of each kind, listings of each kind, and changes of them, also where the database may take any
 * size. Whatever is listed has its evidence, so the listings are no more than that.
 */
export const EVIDENCE_COUNT_MAX = 1_048_576;

/** Totals of each kind, also where the database may take any size: about 120 MB. */
export const TOTALS_COUNT_MAX = 1_048_576;

/** Sums of each kind that are kept for the next transaction. Chosen: what one of usual events has; half a megabyte. */
export const SUMS_KEPT_MAX = 4096;

/** Characters of a User-Agent that its total is kept under, 1 and above. Chosen: honest ones have some dozens. */
export const USER_AGENT_CHARACTERS_MAX = 256;

/** Hours of which totals are kept, 1 and above. Chosen: about two years. */
export const HOURS_COUNT_MAX = 17_544;

/** Rows that one question for events looks at, 1 and above: some ten milliseconds. Behind them a cursor goes on. */
export const SEARCH_ROWS_MAX = 10_000;

/** Octets of page cache of the writing connection: the pages that one large commit touches. */
export const WRITER_CACHE_OCTETS = 8 * MIB;

/** Milliseconds the writer waits for somebody else's lock while it records; then events wait instead. */
export const WRITER_LOCK_WAIT_MS = 50;

/** Milliseconds waited for a lock when a database is opened: a predecessor may be stopping. */
export const OPEN_LOCK_WAIT_MS = 2000;

/** Milliseconds a reader waits for a lock; with a write-ahead log it meets one only while a file is opened. */
export const READER_LOCK_WAIT_MS = 2000;

/** Milliseconds between two looks at how far a backup is. */
export const BACKUP_LOOK_MS = 100;

/** Rows of an old file that are taken over at a time; bounds the memory of a migration. */
export const MIGRATION_ROWS = 5000;

/** Rows between two lines in the log about a migration; some seconds of work. */
export const MIGRATION_PROGRESS_ROWS = 250_000;

/** Events of other nodes in the log, 1 and above; beyond them the oldest go. Chosen: some 150 MB at most, so that hearsay does not crowd out what was met here. */
export const SHARED_EVENTS_MAX = 100_000;

/** Other nodes that are remembered, 1 and above: some 300 octets each. */
export const ORIGINS_MAX = 4096;

/** Octets of a delivered event beside its message, as much as it would take in a batch. */
export const DELIVERED_OCTETS = 512;

/** Octets of the place of an address and of its share in two totals. */
export const PLACED_OCTETS = 64;

/** Milliseconds from the first waiting batch to its commit. One commit then serves all that came since. */
export const COMMIT_DELAY_MS = 20;

/** Octets of batches that are committed without waiting longer: about 4,000 events. */
export const COMMIT_OCTETS_ENOUGH = 2 * MIB;

/** Octets of batches in one transaction, so that its pages stay within the cache. */
export const COMMIT_OCTETS_MAX = 4 * MIB;

/** Octets of batches that wait in memory while the database takes nothing: about 30,000 events. */
export const WAITING_OCTETS_MAX = 16 * MIB;

/** Milliseconds from a failed commit to the next attempt: the first, doubled up to the last. */
export const RETRY_FIRST_MS = 50;
export const RETRY_LAST_MS = 5000;

/** Milliseconds between two looks at what is to be maintained. */
export const MAINTAIN_INTERVAL_MS = 250;

/** Milliseconds between two rounds of adding counts of repeats to their rows: what a reader of rows may miss. */
export const REPEAT_MERGE_INTERVAL_MS = 1000;

/** Milliseconds of one step of it; recording waits that long at most. */
export const REPEAT_MERGE_STEP_MS = 8;

/** Rows that one transaction of it takes; some milliseconds. */
export const REPEAT_MERGE_ROWS = 128;

/** Characters of dialled digits that are read as a number, 1 and above. Chosen: a number of E.164 after a prefix twice as long. */
export const CALLED_NUMBER_CHARACTERS_MAX = 64;

/** Milliseconds of one step of judging; recording waits that long at most. */
export const JUDGE_STEP_MS = 4;

/** Rows of the event log that one transaction of it takes; about 4 ms where each dials a number never dialled before. */
export const JUDGE_ROWS = 64;

/** Milliseconds between two looks at what has come to its end, what the operator decided and what retention removed. */
export const LISTINGS_CHECK_MS = 250;

/** Changes of what is listed that are kept for followers, 1 and above. A follower that is further behind takes a snapshot. */
export const CHANGES_COUNT_MAX = 262_144;

/**
 * Numbers by which the serial of the feed rises at each start, at least; up to twice that, by chance. Chosen: more than
 * the changes that a loss of power can take back, so that no serial ever means two changes.
 */
export const SERIAL_STEP = 1_048_576;

/** The serials that a new database may begin with, 0 to this. Chosen: 2^40, so that one that is gone is not taken for it. */
export const SERIAL_BEGIN_MAX = 1_099_511_627_776;

/** Rows that one step of looking through evidence and listings takes; some 4 ms where each is judged. */
export const SWEEP_ROWS = 64;

/** Microseconds by which a listing must grow before followers are told: at least 1 h, and at least 25 % of the time left. */
export const RENEW_US_MIN = 3_600_000_000;

/** Days from which on an age limit is none. Chosen: a hundred years, so that dates stay in range. */
export const NO_AGE_LIMIT_DAYS = 36_500;

/** Rows between two looks of an upgrade's scans at how far they are, 1 and above; some milliseconds. */
export const UPGRADE_TICK_ROWS = 4096;

/** Entries of the allowlist, 0 and above. Chosen: a large operator's networks and numbers. */
export const ALLOWANCES_COUNT_MAX = 10_000;

/** Entries that the operator blocked, 0 and above. Chosen: as many as of the allowlist. */
export const BLOCKS_COUNT_MAX = 10_000;

/** Rows that one transaction of forgetting removes; some ten milliseconds, between which a daemon records. */
export const FORGET_ROWS = 500;

/** Milliseconds between two looks whether the database's name still stands for the open file. */
export const FILE_LOOK_MS = 2000;

/** Milliseconds between two looks at the clocks. */
export const CLOCK_LOOK_MS = 1000;

/** Microseconds by which the wall clock must leave the monotonic one for a jump. Chosen: far more than a correction of NTP in small steps. */
export const CLOCK_JUMP_US = 60_000_000;

/** Milliseconds after which a clock that is more than a day off is believed. Chosen: a day, in which somebody notices or the network sets it right. */
export const CLOCK_BELIEVED_MS = 86_400_000;

/** Microseconds between two times that the clock is written down. Chosen: an hour, for cards that wear out. */
export const CLOCK_SAVE_US = 3_600_000_000;

assert(JUDGE_STEP_MS < COMMIT_DELAY_MS, 'a step of judging fits between two commits');
assert(WAL_OCTETS_LOW_DISK_MAX < WAL_OCTETS_MAX, 'a nearly full disk gets the smaller log');
assert(FREE_PAGES_OCTETS_MIN > WAL_OCTETS_LOW_DISK_MAX, 'a commit fits into the free pages');
assert(COMMIT_OCTETS_ENOUGH <= COMMIT_OCTETS_MAX, 'what is enough fits into one transaction');
assert(COMMIT_OCTETS_MAX <= WAITING_OCTETS_MAX, 'one transaction fits into what may wait');
assert(PRUNE_STEP_MS < COMMIT_DELAY_MS, 'a step of pruning fits between two commits');
assert(REPEAT_MERGE_STEP_MS < COMMIT_DELAY_MS, 'a step of merging fits between two commits');
