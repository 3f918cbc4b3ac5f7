// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import {
  IDLE_OCTETS_BURST,
  LINK_PAGES_AT_ONCE,
  PAGE_OCTETS_MAX,
  SEGMENT_OCTETS,
  SUMMARY_ANSWER_MS_MIN,
} from '../limits.ts';
import { HEAD_SIZE } from './frames.ts';

/**
 * Octets that are pushed to a link and may turn out to be known there: at once, and per second for those that were.
 * Chosen: half of the useless octets that the other end accepts from a network, even if somebody sees to it that the
 * other end has every page already.
 */
export const PUSHED_OCTETS_BURST = 65_536;
export const PUSHED_OCTETS_PER_S = 16;

/**
 * Of the octets at once, those that only proofs that an author lies may use. Chosen: two of the largest, so that a link
 * on which too much was pushed passes them on as well.
 */
export const PROOF_OCTETS_KEPT = 2 * (HEAD_SIZE + SEGMENT_OCTETS + 2 * (2 + PAGE_OCTETS_MAX));

/** Authors whose proof waits until it may be sent on a link. Chosen: some kilobytes. */
export const PROOFS_WAITING_MAX = 64;

/** Pages that prove that their author lies, of which a node remembers the ids. Chosen: about 200 octets each. */
export const LIES_MAX = 1024;

/** Milliseconds within which the other end says that it had them. */
export const PUSHED_MS = 5000;

/**
 * Octets of announcements that are sent on a link without being asked for: at once, and per second. Chosen: at once
 * what that budget leaves after pushes and a part of an answer; a node announces some 22 a second in a flood.
 */
export const ANNOUNCED_OCTETS_BURST = 32_768;
export const ANNOUNCED_OCTETS_PER_S = 32;

/** Octets of the other end's reason for leaving that are looked at. */
export const BYE_OCTETS_MAX = 120;

/** Pages whose announcement waits for that budget, the newest ones; a comparison finds the others. */
export const ANNOUNCEMENTS_WAITING_MAX = 4096;

/** Pages that one answer to a summary announces; the other end asks for the rest when it is ready. Chosen: 24 KiB. */
export const ANSWER_PAGES_MAX = 2048;

/** Answers to summaries that a link may get at once; later one every {@link SUMMARY_ANSWER_MS_MIN} milliseconds. */
export const SUMMARY_ANSWERS_BURST = 4;

/**
 * Milliseconds between two parts of one link: longer than SUMMARY_ANSWER_MS_MIN. Of all links: the time of an answer.
 */
export const PART_MS = 2500;
export const PART_GAP_MS = 1000;

/**
 * Number of expected pages above which no further part is asked for, unless they do not come within the second value.
 */
export const PART_WANTED_MAX = 1024;
export const PART_STALLED_MS = 15_000;

/**
 * Pages that may be expected from each link, however many others promised. Chosen: three times what is asked for at
 * once.
 */
export const WANTED_OF_LINK_MIN = 192;

/**
 * Milliseconds between two looks at whom the operator trusts. Chosen: longer than SUMMARY_ANSWER_MS_MIN, so that each
 * is answered.
 */
export const VOTERS_LOOK_MS = 5000;

/**
 * Share of the octets served that the questions for them may cost. Chosen: 16 of the smallest pages for one question.
 */
export const ASKING_SHARE = 1 / 8;

assert(VOTERS_LOOK_MS > SUMMARY_ANSWER_MS_MIN, 'each question for quiet pages is answered');
assert(PART_MS > SUMMARY_ANSWER_MS_MIN, 'each part that is asked for is answered');
assert(LINK_PAGES_AT_ONCE < WANTED_OF_LINK_MIN, 'each link can be asked for pages');
assert(PROOF_OCTETS_KEPT < PUSHED_OCTETS_BURST, 'pages are pushed at all');
assert(PUSHED_OCTETS_BURST < IDLE_OCTETS_BURST, 'what is pushed in vain ends no link');

/** Nodes of other pools that are remembered as named in the log. Chosen: far more than a site has by mistake. */
export const OTHER_POOLS_KEPT_MIN = 256;
