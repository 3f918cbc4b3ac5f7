// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { networkText, parseIp } from '@sentrypeer/ip';
import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { BLOCK_BITS_4, BLOCK_BITS_6, NETWORK_NAME_CHARACTERS_MAX } from './limits.ts';
import type { Found, MmdbFile, PlacesFile } from './mmdb-file.ts';

/** The country and network of an address. For people to read: it plays no part in verdicts. */
export interface Place {
  /** ISO 3166-1 alpha-2, `undefined` if it is not known. */
  readonly country: string | undefined;
  /** An autonomous system such as `AS64500`, or the address block such as `203.0.113.0/24`. */
  readonly network: string;
  /** Of the autonomous system. */
  readonly networkName: string | undefined;
}

export interface PlacesOptions {
  /** MMDB file with the countries of addresses. @default none is known */
  readonly countryFile?: PlacesFile;
  /** MMDB file with the autonomous systems of addresses; may be the same file. @default address blocks */
  readonly networkFile?: string;
}

/** Looks up countries and networks of addresses in files on this machine, never over the network. */
export class Places implements Disposable {
  readonly #logger: Logger;
  readonly #countries: MmdbFile | undefined;
  readonly #networks: MmdbFile | undefined;
  #isBroken = false;

  private constructor(
    logger: Logger,
    countries: MmdbFile | undefined,
    networks: MmdbFile | undefined,
  ) {
    this.#logger = logger;
    this.#countries = countries;
    this.#networks = networks;
  }

  /** Rejects with `OperatingError` if a file is not in its format. Files are read at the first question. */
  static async open(logger: Logger, options: PlacesOptions): Promise<Places> {
    const { countryFile, networkFile } = options;
    const countries = countryFile === undefined ? undefined : await openFile(countryFile);
    if (networkFile === undefined) return new Places(logger, countries, undefined);
    const networks = networkFile === countryFile ? countries : await openFile(networkFile);
    return new Places(logger, countries, networks);
  }

  /** A 48-bit number that changes when the contents of the files change. */
  get source(): number {
    const text = `${this.#countries?.identity ?? ''}|${this.#networks?.identity ?? ''}`;
    return createHash('sha256').update(text).digest().readUIntBE(0, 6);
  }

  /** @param address In its shortest form. Other text, which a reader of the files may take for one, is nowhere. */
  placeOf(address: string): Place {
    if (parseIp(address) === undefined) {
      return { country: undefined, network: blockOf(address), networkName: undefined };
    }
    const country = countryOf(this.#find(this.#countries, address));
    const found = this.#find(this.#networks, address);
    const asn = asnOf(found);
    if (asn === undefined) return { country, network: blockOf(address), networkName: undefined };
    return { country, network: `AS${asn}`, networkName: nameOf(found) };
  }

  [Symbol.dispose](): void {
    this.#countries?.[Symbol.dispose]();
    this.#networks?.[Symbol.dispose]();
  }

  /** A file that turns out to be damaged is logged once and then not used; everything else continues. */
  #find(file: MmdbFile | undefined, address: string): Found | undefined {
    if (file === undefined || this.#isBroken) return undefined;
    try {
      return file.find(address);
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#isBroken = true;
      this.#logger.error('geo_file', { code: error.code, why: error.message });
      return undefined;
    }
  }
}

/**
 * The address block that contains an address, such as `203.0.113.0/24` or `2001:db8:7::/48`. Text that is not an
 * address, which a database of an older program may contain, is a separate block.
 */
export function blockOf(address: string): string {
  return networkText(address, { ipv4: BLOCK_BITS_4, ipv6: BLOCK_BITS_6 }) ?? address;
}

/** Without a file, the code that reads one is not loaded: it takes 6 MiB. */
async function openFile(file: PlacesFile): Promise<MmdbFile> {
  const { MmdbFile } = await import('./mmdb-file.ts');
  return MmdbFile.open(file);
}

/* Publishers of such files use different names for the same data. */

function countryOf(found: Found | undefined): string | undefined {
  const country = found?.['country'];
  const code = found?.['country_code'] ?? (isRecord(country) ? country['iso_code'] : country);
  return typeof code === 'string' && /^[A-Za-z]{2}$/.test(code) ? code.toUpperCase() : undefined;
}

function asnOf(found: Found | undefined): number | undefined {
  const asn = found?.['autonomous_system_number'] ?? found?.['asn'];
  const number = typeof asn === 'string' ? Number(asn.replace(/^AS/i, '')) : asn;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number > 0 && number < 2 ** 32 ? number : undefined;
}

function nameOf(found: Found | undefined): string | undefined {
  const name = found?.['autonomous_system_organization'] ?? found?.['as_name'];
  if (typeof name !== 'string' || name === '') return undefined;
  return name.slice(0, NETWORK_NAME_CHARACTERS_MAX);
}

function isRecord(value: unknown): value is Found {
  return typeof value === 'object' && value !== null;
}
