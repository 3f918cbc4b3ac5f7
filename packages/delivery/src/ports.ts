// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { CursorSink, EventLog } from '@sentrypeer/follow';
import type { Clock, Logger } from '@sentrypeer/kernel';

/** What every delivery reads and reports. */
export interface DeliveryPorts {
  readonly log: EventLog;
  readonly cursors: CursorSink;
  readonly logger: Logger;
  readonly clock: Clock;
}
