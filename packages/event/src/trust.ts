// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Whether the operator trusts an origin, that is, another node that shares events. */
export type Trust = 'none' | 'trusted' | 'distrusted';

/** Stands for all origins that sign nothing, which the operator trusts or distrusts together. */
export const UNSIGNED_ORIGINS = 'unsigned';
