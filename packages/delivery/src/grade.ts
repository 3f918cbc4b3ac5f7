// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, RecordedEvent } from '@sentrypeer/event';

/** The weakest grade first. */
const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];

/** Whether an event has this grade or a better one; rows of SentryPeer 4.x count as `seen`. */
export function isOfGrade({ grade = 'seen' }: Pick<RecordedEvent, 'grade'>, least: Grade): boolean {
  return GRADES.indexOf(grade) >= GRADES.indexOf(least);
}
