// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { backupDatabase } from './backup.ts';
export {
  DATABASE_OCTETS_DEFAULT,
  DISK_FREE_OCTETS_DEFAULT,
  RETENTION_DAYS_DEFAULT,
} from './limits.ts';
export { Recorder, type RecorderListener, type Stall } from './recorder.ts';
export { Store, type StoreOptions, type StorePorts } from './store.ts';
export {
  StoreReader,
  type AddressTotal,
  type NumberTotal,
  type Page,
  type PageEnd,
} from './store-reader.ts';
