// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  fileTrouble,
  FileTrouble,
  openWithoutWaiting,
  readNow,
  readSmallFile,
} from './small-file.ts';
export { syncDirectory, syncFile } from './sync-to-disk.ts';
