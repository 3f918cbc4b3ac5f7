// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the configuration must know about webhooks, without the code that delivers, which most daemons never load. */

import {
  WEBHOOK_BATCH_EVENTS_MAX,
  WEBHOOK_BATCH_WAIT_MS_MAX,
  WEBHOOK_PARALLEL_MAX,
  WEBHOOK_TIMEOUT_MS_MAX,
} from './limits.ts';

export { isSigningSecret } from './webhook/signing-secret.ts';

/** The largest values that may be configured. */
export const WEBHOOK_LIMITS = {
  batchEventsMax: WEBHOOK_BATCH_EVENTS_MAX,
  batchWaitMsMax: WEBHOOK_BATCH_WAIT_MS_MAX,
  parallelMax: WEBHOOK_PARALLEL_MAX,
  timeoutMsMax: WEBHOOK_TIMEOUT_MS_MAX,
} as const;
