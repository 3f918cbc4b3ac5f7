// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { assert, AssertionError, unreachable } from './assert.ts';
export { systemClock, type Clock } from './clock.ts';
export { errorCode } from './error-code.ts';
export { OperatingError } from './error.ts';
export { silentLogger, type LogFields, type Logger } from './logger.ts';
export { openOrClose } from './open-or-close.ts';
export { Outage } from './outage.ts';
export { type Random } from './random.ts';
export {
  LATEST_EPOCH_US,
  readDurationText,
  readMomentText,
  readTime,
  TIMES_RIGHT,
  type TimeReading,
} from './time-text.ts';
export { isUnsafeCode, terminalSafeJson } from './unsafe-text.ts';
export { formatMebibytes } from './size-text.ts';
export { TokenBucket, type Rate } from './token-bucket.ts';
export { TokenBuckets } from './token-buckets.ts';
