// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from '@sentrypeer/event';

/** Grades from weak to strong. A total stores the place in this list, so its order is part of the schema. */
const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];

export function gradeRank(grade: Grade): number {
  return GRADES.indexOf(grade);
}

export function gradeOfRank(rank: number): Grade {
  return GRADES[rank] ?? 'seen';
}

/** The grade in a row; `undefined` if SentryPeer 4.x wrote the row without judging it. */
export function gradeOfText(text: unknown): Grade | undefined {
  return GRADES.find((grade) => grade === text);
}
