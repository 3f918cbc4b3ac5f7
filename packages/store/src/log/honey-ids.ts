// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * The id of the newest row ever, as an expression. The counter knows rows that were deleted, whose ids are not reused;
 * rows that another program has just added are only in the log.
 */
export const LAST_HONEY_ID = `max(coalesce((SELECT max(honey_id) FROM honey), 0),
  coalesce((SELECT value FROM counter WHERE name = 'last_honey_id'), 0))`;
