// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { LookUpFamily, LookUpLevel } from '@sentrypeer/api';
import { API_RATE_MAX } from '../limits.ts';
import { derivedOption, option } from './option.ts';
import {
  addressType,
  countType,
  geoFileType,
  hostNamesType,
  networksType,
  originType,
  pathType,
  portType,
  switchType,
  type ValueType,
} from './value-types.ts';

const LOOKUP_FAMILIES: readonly LookUpFamily[] = ['4.x', 'hq', 'apiban'];
const LOOKUP_LEVELS: readonly LookUpLevel[] = ['listed', 'known', 'hearsay'];

type LookupLevels = Readonly<Record<LookUpFamily, LookUpLevel>>;

const LOOKUP_DEFAULTS: LookupLevels = { '4.x': 'known', hq: 'listed', apiban: 'listed' };

/** A level for all families of routes, or for some. */
const lookupLevelsType: ValueType<LookupLevels> = {
  placeholder: 'FAMILY=LEVEL',
  wanted: `a level (${LOOKUP_LEVELS.join(', ')}) for all, or FAMILY=LEVEL joined by commas, each family once, such as 4.x=known,hq=listed`,
  toml: ['string'],
  repeatable: false,
  parse: (text) => {
    const levelOf = (word: string): LookUpLevel | undefined =>
      LOOKUP_LEVELS.find((level) => level === word.trim());
    const all = levelOf(text);
    if (all !== undefined) return { '4.x': all, hq: all, apiban: all };
    const levels: Partial<Record<LookUpFamily, LookUpLevel>> = {};
    for (const item of text.split(',')) {
      const [name = '', word = '', ...more] = item.split('=');
      const family = LOOKUP_FAMILIES.find((one) => one === name.trim());
      const level = levelOf(word);
      if (family === undefined || level === undefined || more.length > 0) return undefined;
      if (levels[family] !== undefined) return undefined;
      levels[family] = level;
    }
    return { ...LOOKUP_DEFAULTS, ...levels };
  },
  format: (levels) => LOOKUP_FAMILIES.map((family) => `${family}=${levels[family]}`).join(','),
};

/** Options of the HTTP API, a part of the table in options.ts. */
export const API_OPTIONS = {
  api: option({
    group: 'api',
    long: 'api',
    short: 'a',
    type: switchType,
    defaultValue: false,
    doc: 'Serve the collected data over HTTP.',
  }),
  apiAddress: option({
    group: 'api',
    long: 'api-address',
    type: addressType,
    defaultValue: '127.0.0.1',
    needs: 'api',
    doc: 'Local address of the API; with 0.0.0.0 or :: every machine can read your data.',
  }),
  apiPort: option({
    group: 'api',
    long: 'api-port',
    type: portType,
    defaultValue: 8082,
    needs: 'api',
    doc: 'Port of the API.',
  }),
  apiLog: option({
    group: 'api',
    long: 'api-log',
    type: switchType,
    defaultValue: false,
    needs: 'api',
    doc: 'Print a line for every request to the API to standard error.',
  }),
  apiKeyRequired: option({
    group: 'api',
    long: 'api-key-required',
    type: switchType,
    defaultValue: false,
    needs: 'api',
    doc: 'Require a key for reading too; see the command keys. Delivering events, and reading raw messages and credentials, always needs one.',
  }),
  apiRatePerSecond: option({
    group: 'api',
    long: 'api-rate',
    type: countType('COUNT', 0, API_RATE_MAX),
    unit: 'requests per second',
    defaultValue: 100,
    needs: 'api',
    doc: 'Requests without a valid key that one other machine (IPv6: one /64) may make per second on average; 0 sets no limit.',
  }),
  apiKeyRatePerSecond: option({
    group: 'api',
    long: 'api-key-rate',
    type: countType('COUNT', 0, API_RATE_MAX),
    unit: 'requests per second',
    defaultValue: 1000,
    needs: 'api',
    doc: 'Requests that may be made with one key per second on average, from any number of machines; 0 sets no limit.',
  }),
  apiHosts: derivedOption({
    group: 'api',
    long: 'api-host',
    type: hostNamesType,
    defaultText: "this machine's name",
    mayBeEmpty: true,
    needs: 'api',
    doc: 'Host name that clients without a key may use, in addition to addresses, names without a dot, *.local, *.internal, *.home.arpa and *.localhost.',
  }),
  apiTrustedProxies: derivedOption({
    group: 'api',
    long: 'api-trusted-proxy',
    type: networksType,
    defaultText: 'none',
    needs: 'api',
    doc: 'Proxy whose X-Forwarded-For is believed.',
  }),
  countryFile: derivedOption({
    group: 'api',
    long: 'country-file',
    type: geoFileType,
    defaultText: 'built-in; none with --profile small',
    needs: 'api',
    doc: 'MMDB file with the country of each address; none saves its memory (about 5 MB).',
  }),
  networkFile: derivedOption({
    group: 'api',
    long: 'network-file',
    type: pathType,
    defaultText: 'none: networks are address blocks (/24, IPv6 /48)',
    needs: 'api',
    doc: 'MMDB file with the autonomous system of each address.',
  }),
  lookupLevels: option<LookupLevels>({
    group: 'api',
    long: 'lookup-level',
    type: lookupLevelsType,
    defaultValue: LOOKUP_DEFAULTS,
    needs: 'api',
    doc: 'What the routes and lists of SentryPeer 4.x, SentryPeerHQ and APIBAN contain: listed (what is refused), known (also what this node saw), hearsay (also what other nodes share).',
  }),
  apiCorsOrigin: derivedOption({
    group: 'api',
    long: 'api-cors-origin',
    type: originType,
    defaultText: 'none',
    needs: 'api',
    doc: 'Web site whose scripts may read the API; * allows all.',
  }),
} as const;
