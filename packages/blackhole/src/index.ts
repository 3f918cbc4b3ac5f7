// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { Announcer, type AnnouncerOptions, type Routes } from './announcer.ts';
export { whyNever } from './announceable.ts';
export type { AnnouncerStatus } from './status.ts';
