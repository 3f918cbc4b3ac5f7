// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { errorCode } from '@sentrypeer/kernel';

/** Whether a process with this id runs, also as another user. */
export function isProcessAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
