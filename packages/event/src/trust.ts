// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What the operator thinks of an origin, that is, of another node that shares events. */
export type Trust = 'none' | 'trusted' | 'distrusted';

/** Stands for all origins that sign nothing, where the operator judges them together. */
export const UNSIGNED_ORIGINS = 'unsigned';
