// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Events that the page keeps, 1 and above. Chosen: 1 KB each, and minutes of a busy node. */
export const EVENTS_COUNT_MAX = 1_000;

/**
 * Events a second that the page asks for, 1 and above; of the others it only learns how many there were. Chosen:
 * several times what a person can read, and recording does not notice it.
 */
export const EVENTS_PER_SECOND_MAX = 100;

/**
 * Stretches of the log that the page keeps because some of their events were not sent, 1 and above. Chosen: 16 s of a
 * flood.
 */
export const GAPS_COUNT_MAX = 64;

/** Rows of a table of events that are drawn, 1 and above. Chosen: a browser draws them within a frame. */
export const ROWS_COUNT_MAX = 100;

/** Changes of listings that the page keeps, 1 and above. Chosen: what one reads at a glance. */
export const CHANGES_COUNT_MAX = 30;

/** Decisions of the SIP agent that the page keeps, 1 and above. Chosen: what one reads at a glance. */
export const DECISIONS_COUNT_MAX = 50;

/** Milliseconds between two drawings of what came in, 0 and above. Chosen: the eye follows four a second. */
export const DRAW_MS = 250;

/** Rows of a table that are drawn in one go, 1 and above. Chosen: they fill a screen, and take a fraction of 100 ms. */
export const ROWS_AT_ONCE = 20;

/** Milliseconds between two countings of those with the most messages, 0 and above. Chosen: one reads no faster. */
export const TOPS_MS = 1_000;

/** Numbers whose reading the page keeps, 1 and above. Chosen: twice what all its parts can show. */
export const READINGS_COUNT_MAX = 2_000;

/** Numbers that are read with one question; the node reads no more. */
export const READINGS_AT_ONCE = 64;

/** Milliseconds between two looks at figures that no stream tells of. */
export const REFRESH_MS = 2_000;

/** Milliseconds for which an answer asked for ahead of its view counts as new. Chosen: the view is drawn long before. */
export const AHEAD_MS = 5_000;

/** Milliseconds between two looks at how often messages like the newest events were repeated. */
export const REPEATS_MS = 15_000;

/** Milliseconds before the first and at most before another try to reach the node. */
export const RETRY_MS = 1_000;
export const RETRY_MS_MAX = 10_000;

/** Events of one address or number that its page shows, 1 and above. */
export const TIMELINE_EVENTS = 200;

/** Milliseconds between two looks at messages over time. */
export const TRENDS_MS = 10_000;

/** Parts of a bar that are told apart, 1 and above. Chosen: as many colours as the eye tells apart. */
export const NAMES_DRAWN_MAX = 6;

/** Countries of the list over time, as many as the node names of other things. */
export const TREND_ROWS = 10;

/** Shades of the map, 1 and above. Chosen: as many as one tells apart. */
export const MAP_SHADES = 5;

/** Rows of a list of those with the most messages. */
export const TOP_ROWS = 8;

/** Milliseconds between two tries to learn who has signed in. */
export const SESSION_RETRY_MS = 3_000;

/** Characters of a comment on a decision, and of a key; the node takes no more. */
export const COMMENT_CHARACTERS_MAX = 200;
export const KEY_CHARACTERS_MAX = 128;
