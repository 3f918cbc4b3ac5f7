// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type { PlacesFile } from './mmdb-file.ts';
export { Places, type Place, type PlacesOptions } from './places.ts';
