// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { doubledMs } from './back-off.ts';
export { settlesWithin } from './deadline.ts';
export { followedEvents, type EventLog } from './event-log.ts';
export { BATCH_ENTRIES_MAX } from './limits.ts';
export type { CursorSink, Log } from './log.ts';
export { Pump, type PumpPorts, type Sink } from './pump.ts';
export { Steps, type StepsOptions } from './steps.ts';
