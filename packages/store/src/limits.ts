// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

const MIB = 1_048_576;

/** Days for which rows and totals are kept, 1 and above. Chosen: evidence of a quarter of a year. */
export const RETENTION_DAYS_DEFAULT = 90;

/** Octets of live pages of the database, 1 MiB and above. Chosen: fits on the card of a small device. */
export const DATABASE_OCTETS_DEFAULT = 1024 * MIB;

/** Octets of disk that are left free for other programs, 0 and above. Chosen: room for logs and an upgrade. */
export const DISK_FREE_OCTETS_DEFAULT = 256 * MIB;

/**
 * Octets by which the database may exceed its size limit for events that an endpoint still has to get, 0 and above.
 * Chosen: several days of events for an endpoint that is down.
 */
export const OWED_OCTETS_DEFAULT = 1024 * MIB;

/** Milliseconds between two log lines about events that are removed although an endpoint still had to get them. */
export const OWED_REPORT_INTERVAL_MS = 60_000;

/**
 * Dead letters of one endpoint, 1 and above. Chosen: a person can still look through them; an endpoint that refuses
 * more evidently refuses everything, so its events wait instead.
 */
export const DEAD_LETTERS_COUNT_MAX = 10_000;

/** Decisions of the operator that wait for a fleet; beyond that the oldest are not sent. Chosen: people make few. */
export const FLEET_DECISIONS_MAX = 10_000;

/**
 * Counts of repeats that wait for a fleet, at most one for each row besides those that are being pushed. Beyond that
 * the oldest are forgotten. Chosen: some 40 MB, more rows than are repeated in days.
 */
export const FLEET_REPEATS_MAX = 1_000_000;

/** Share of a disk that is kept free at most, so that a tiny disk is still of use. */
export const DISK_FREE_SHARE_MAX = 0.1;

/**
 * Octets of the write-ahead log at which it is transferred to the database. Chosen by measurement
 * (bench/store-append.ts): more would take disk space, less would write hot pages of the indexes more often.
 */
export const WAL_OCTETS_MAX = 32 * MIB;

/** The same while the disk is nearly full. */
export const WAL_OCTETS_LOW_DISK_MAX = 4 * MIB;

/**
 * Pages of the write-ahead log at which a command copies it into the database, because there may be no daemon to do so.
 * Chosen: SQLite's own default, 4 MiB.
 */
export const COMMAND_WAL_PAGES = 1000;

/** Free pages, in octets, kept within the file while the disk is nearly full. Chosen: room for several commits. */
export const FREE_PAGES_OCTETS_MIN = 16 * MIB;

/** Share of the file that these free pages may take, so that other programs' files cost us no more evidence. */
export const FREE_PAGES_SHARE_MAX = 0.5;

/** Octets of database written for one octet of a batch: the row, its index entries and its totals. */
export const ROW_OCTETS_PER_BATCH_OCTET = 4;

/** Milliseconds after which what was written is transferred and synced, even if it is little. */
export const CHECKPOINT_INTERVAL_MS = 10_000;

/** Milliseconds between looks at the age of rows and totals while nothing expires. */
export const AGE_CHECK_INTERVAL_MS = 10_000;

/** Milliseconds for which a measurement of the free disk space is used; at 60 MB/s written that is 3 MB. */
export const DISK_CHECK_INTERVAL_MS = 50;

/** Milliseconds one step of pruning may take; recording waits that long at most. */
export const PRUNE_STEP_MS = 4;

/** The same while a limit is exceeded by 10 % or more: then keeping the limit comes first. */
export const PRUNE_STEP_URGENT_MS = 25;

/** Rows that one statement of pruning removes; about 1 ms. */
export const PRUNE_ROWS = 128;

/**
 * The most rows that one statement removes to make room for a commit. Chosen by measurement: SQLite copies each page
 * that a statement changes for undoing it, and more rows share these pages; with 1,024 the copies leave the processor's
 * cache.
 */
export const ROOM_ROWS = 512;

/** Octets of batches from which a commit makes its own room in a full database; else a step of pruning does. */
export const ROOM_OCTETS_MIN = 32_768;

/**
 * Share of the size limit that is freed of events that anybody can forge, while little comes, so that a flood finds
 * room. Chosen: with the default size 64 MiB, about 60,000 events.
 */
export const ROOM_AHEAD_SHARE = 1 / 16;

/** Milliseconds after the last large commit from which the load counts as low. */
export const QUIET_MS = 1000;

/** Milliseconds for which a commit may make its own room: as many as the largest commit takes to record. */
export const ROOM_STEP_MS = 100;

/** Pages of rows that one step searches for rows of a weak grade among strong ones; about 1 ms. */
export const PRUNE_SCAN_PAGES = 16;

/**
 * Octets of database per total of each kind. A total takes about 120 octets with its indexes, so that all three kinds
 * together fill at most 1/5 of the database when random sources, numbers and User-Agents flood it.
 */
export const OCTETS_PER_TOTAL = 2048;

/**
 * Octets of database per row of evidence of each kind, per listing of each kind, and per change of them. All of these
 * take about 1,100 octets together, so that they fill at most 1/4 of the database.
 */
export const OCTETS_PER_EVIDENCE = 4096;

/**
 * Share of the evidence against addresses that the /64s of one IPv6 /48 may have, and those of one /32; the weakest and
 * oldest is dropped first. Chosen: a site gets a /48 and a provider a /32, which have more /64s than there is room for;
 * with the default size these are 8,192 and 16,384, enough for a whole /48 to be known as one (`network-56`,
 * `network-48`).
 */
export const EVIDENCE_SHARES: readonly (readonly [bits: number, share: number])[] = [
  [48, 1 / 32],
  [32, 1 / 16],
];

/**
 * Rows of evidence that are removed at once to make room, 1 and above. Chosen: the rows are sorted for this, and more
 * rows make the sorting worthwhile.
 */
export const MAKE_ROOM_ROWS = 256;

/**
 * Rows of evidence of each kind, listings of each kind, and changes of them, even if the size of the database is
 * unlimited. Each listing has evidence, so there are no more listings than that.
 */
export const EVIDENCE_COUNT_MAX = 1_048_576;

/** Totals of each kind, even if the size of the database is unlimited: about 120 MB. */
export const TOTALS_COUNT_MAX = 1_048_576;

/** Sums of each kind that are kept for the next transaction. Chosen: as many as one usually has; 0.5 MB. */
export const SUMS_KEPT_MAX = 4096;

/** Characters of a User-Agent under which its total is kept, 1 and above. Chosen: honest ones have a few dozen. */
export const USER_AGENT_CHARACTERS_MAX = 256;

/** Hours of which totals are kept, 1 and above. Chosen: about two years. */
export const HOURS_COUNT_MAX = 17_544;

/** Rows that one query for events examines, 1 and above: tens of milliseconds. The next page continues there. */
export const SEARCH_ROWS_MAX = 10_000;

/**
 * Forms of numbers whose events are found by the index, 1 and above; of more forms, by looking at all of the log. Chosen:
 * what attackers put before a number is a few dozen.
 */
export const FORMS_COUNT_MAX = 64;

/** Readings of dialled digits that are looked at for such forms; those of longer numbers lie between them. Chosen: 1 ms. */
export const FORM_READINGS_MAX = 1000;

/** Octets of page cache of the writing connection: the pages of one large commit; on small devices fewer, to save memory. */
export const WRITER_CACHE_OCTETS = 8 * MIB;
export const WRITER_CACHE_OCTETS_SMALL = 2 * MIB;

/** Milliseconds the writer waits for another program's lock while it records; then events wait instead. */
export const WRITER_LOCK_WAIT_MS = 50;

/** Milliseconds to wait for a lock when a database is opened: a previous daemon may still be stopping. */
export const OPEN_LOCK_WAIT_MS = 2000;

/** Milliseconds a reader waits for a lock; with a write-ahead log it meets one only while a file is opened. */
export const READER_LOCK_WAIT_MS = 2000;

/** Milliseconds between two checks of how far a backup is. */
export const BACKUP_LOOK_MS = 100;

/** Rows of an old file that are copied at a time; bounds the memory of a migration. */
export const MIGRATION_ROWS = 5000;

/** Rows between two lines in the log about a migration; a few seconds of work. */
export const MIGRATION_PROGRESS_ROWS = 250_000;

/**
 * Events of other nodes in the log, 1 and above; beyond them the oldest are removed. Chosen: about 150 MB at most, so
 * that hearsay does not crowd out this node's own events.
 */
export const SHARED_EVENTS_MAX = 100_000;

/** Other nodes that are remembered, 1 and above: about 300 octets each. */
export const ORIGINS_MAX = 4096;

/** Octets that count for a delivered event in addition to its message: what it would take in a batch. */
export const DELIVERED_OCTETS = 512;

/** Octets of the place of an address and of its share in two totals. */
export const PLACED_OCTETS = 64;

/** Milliseconds from the first waiting batch to its commit. One commit then includes everything that arrived since. */
export const COMMIT_DELAY_MS = 20;

/** Octets of batches at which a commit begins at once: about 4,000 events. */
export const COMMIT_OCTETS_ENOUGH = 2 * MIB;

/** Octets of batches in one transaction, so that its pages stay within the cache. */
export const COMMIT_OCTETS_MAX = 4 * MIB;

/** Octets of batches that wait in memory while the database accepts nothing: about 30,000 events. */
export const WAITING_OCTETS_MAX = 16 * MIB;

/** Milliseconds from a failed commit to the next attempt: doubled each time, up to the second value. */
export const RETRY_FIRST_MS = 50;
export const RETRY_LAST_MS = 5000;

/**
 * Milliseconds for which maintenance may find the database locked by another program before that counts as a failure.
 * Chosen: maintenance can wait longer than a large `pool import` or a backup takes.
 */
export const MAINTENANCE_LOCKED_MS = 60_000;

/** Milliseconds between two checks for maintenance work. */
export const MAINTAIN_INTERVAL_MS = 250;

/** Milliseconds between two rounds of adding counts of repeats to their rows: what a reader of rows may miss. */
export const REPEAT_MERGE_INTERVAL_MS = 1000;

/** Milliseconds of one step of this merge; recording waits that long at most. */
export const REPEAT_MERGE_STEP_MS = 8;

/** Rows that one transaction of this merge takes; a few milliseconds. */
export const REPEAT_MERGE_ROWS = 128;

/** Characters of dialled digits that are read as a number, 1 and above. Chosen: a number of E.164 after a prefix twice as long. */
export const CALLED_NUMBER_CHARACTERS_MAX = 64;

/** Milliseconds of one step of judging; recording waits that long at most. */
export const JUDGE_STEP_MS = 4;

/**
 * Rows of the event log that one transaction of judging takes; about 4 ms if each dials a number never dialled before.
 * Also the IPv6 entries that one transaction replaces by a wider network, or restores after it.
 */
export const JUDGE_ROWS = 64;

/** Milliseconds between two checks for ended listings, decisions of the operator, and evidence that was removed. */
export const LISTINGS_CHECK_MS = 250;

/** Changes of listings that are kept for followers, 1 and above. A follower that is further behind gets a snapshot. */
export const CHANGES_COUNT_MAX = 262_144;

/**
 * Numbers by which the serial of the feed rises at each start, at least; at random up to twice that. Chosen: more than
 * the changes that a power failure can undo, so that no serial ever means two changes.
 */
export const SERIAL_STEP = 1_048_576;

/**
 * Largest serial with which a new database may begin, from 0. Chosen: 2^40, so that its serials are not mistaken for
 * those of a deleted database.
 */
export const SERIAL_BEGIN_MAX = 1_099_511_627_776;

/**
 * Transactions of proved events in a row before the judge does other work (decisions, ends of listings), 1 and above.
 * Chosen: if proved events come without end, the other work gets a ninth of the time.
 */
export const PROVED_STEPS_MAX = 8;

/** Rows that one step through evidence and listings takes; about 4 ms if each is judged. */
export const SWEEP_ROWS = 64;

/** Microseconds by which a listing's end must move to be announced again: at least 1 h and 25 % of the time left. */
export const RENEW_US_MIN = 3_600_000_000;

/** Days from which an age limit counts as none. Chosen: a hundred years, so that dates stay in range. */
export const NO_AGE_LIMIT_DAYS = 36_500;

/** Milliseconds between two checks whether paused triggers are back, because another program changed the schema. */
export const TRIGGER_PAUSE_LOOK_MS = 60_000;

/** Milliseconds between two checks of what other programs changed in the event log. */
export const FOREIGN_LOOK_MS = 1_000;

/** Rows of other programs that one transaction adds to the totals, 1 and above; some milliseconds. */
export const FOREIGN_ROWS = 256;

/** Rows before and after a row of another program in which a time is looked for if it has none, 1 and above. */
export const FOREIGN_NEIGHBOURS = 16;

/** Milliseconds between two lines about what other programs changed. Chosen: some delete old rows every night. */
export const FOREIGN_TELL_MS = 3_600_000;

/** Entries of the allowlist, 0 and above. Chosen: a large operator's networks and numbers. */
export const ALLOWANCES_COUNT_MAX = 10_000;

/** Entries of the blocklist, 0 and above. Chosen: as many as on the allowlist. */
export const BLOCKS_COUNT_MAX = 10_000;

/** Rows that one transaction of `forget` removes; some tens of milliseconds. A daemon records in between. */
export const FORGET_ROWS = 500;

/** Milliseconds between two checks whether the path of the database still leads to the open file. */
export const FILE_LOOK_MS = 2000;

/** Milliseconds between two checks of the clocks. */
export const CLOCK_LOOK_MS = 1000;

/**
 * Microseconds by which the wall clock must deviate from the monotonic one to count as a jump. Chosen: far more than
 * NTP corrects in small steps.
 */
export const CLOCK_JUMP_US = 60_000_000;

/**
 * Milliseconds after which a clock that is more than a day off is believed. Chosen: a day, in which somebody notices it
 * or the network corrects it.
 */
export const CLOCK_BELIEVED_MS = 86_400_000;

/** Microseconds between two writes of the clock to the database. Chosen: an hour, because cards wear out. */
export const CLOCK_SAVE_US = 3_600_000_000;

/** Minutes for which messages are counted, 1 and above. Chosen: a day, and the hour in which it began. */
export const RATE_MINUTES_MAX = 1_500;

/** Days for which hours are counted for graphs, 1 and above, unless the operator wants a year. Chosen: a month. */
export const RATE_DAYS_DEFAULT = 31;

/** The same if the operator wants a year, 1 and above. */
export const RATE_DAYS_LONG = 366;

/** Names of one kind, such as tools or networks, that an hour keeps, 1 and above. Chosen: more than a table shows; a year has at most a million rows, some 40 MB. */
export const RATE_NAMES_MAX = 24;

/**
 * Names of one kind that are counted in the current hour before the rare ones are summed up, 1 and above. Chosen: an
 * attacker who wants to hide others needs this many new ones every minute.
 */
export const RATE_NAMES_OPEN_MAX = 256;

/** Milliseconds between two checks of what is beyond these limits. */
export const RATE_KEEP_INTERVAL_MS = 60_000;

assert(RATE_NAMES_MAX < RATE_NAMES_OPEN_MAX, 'new names have room besides those that are kept');
assert(JUDGE_STEP_MS < COMMIT_DELAY_MS, 'a step of judging fits between two commits');
assert(WAL_OCTETS_LOW_DISK_MAX < WAL_OCTETS_MAX, 'a nearly full disk gets the smaller log');
assert(FREE_PAGES_OCTETS_MIN > WAL_OCTETS_LOW_DISK_MAX, 'a commit fits into the free pages');
assert(COMMIT_OCTETS_ENOUGH <= COMMIT_OCTETS_MAX, 'what is enough fits into one transaction');
assert(COMMIT_OCTETS_MAX <= WAITING_OCTETS_MAX, 'one transaction fits into what may wait');
assert(PRUNE_STEP_MS < COMMIT_DELAY_MS, 'a step of pruning fits between two commits');
assert(REPEAT_MERGE_STEP_MS < COMMIT_DELAY_MS, 'a step of merging fits between two commits');
