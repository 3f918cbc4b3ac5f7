// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Rows of an import in one transaction. Chosen: a recording daemon waits for it for some tens of milliseconds. */
export const IMPORT_ROWS = 500;

/** Milliseconds between two progress lines of an import. */
export const IMPORT_PROGRESS_MS = 5000;

/**
 * Characters of a line of a file to import; a longer one is not read. Chosen: a datagram of 64 KiB is at most 384 KiB
 * in JSON.
 */
export const IMPORT_LINE_CHARACTERS_MAX = 2 ** 20;

/** Lines of one record of CSV to import; quoted fields may contain line breaks. Chosen: a long SIP message has 100. */
export const IMPORT_RECORD_LINES_MAX = 1000;

/**
 * Lines at the beginning of a file to import, one of which must be in a known format. Chosen: a cut one and some
 * remarks.
 */
export const IMPORT_SEARCH_LINES = 100;

/** Milliseconds between two looks at a pipe that a command reads. Chosen: a pipe of 64 KiB then gives 3 MB/s. */
export const PIPE_LOOK_MS = 20;

/** Milliseconds to wait for a program that writes to such a pipe. Chosen: one command line starts both. */
export const PIPE_WAIT_MS = 10_000;
