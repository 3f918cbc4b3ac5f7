// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { fileTrouble } from '@sentrypeer/bytes/file';
import { readFleetAddress, type FleetAddress } from '@sentrypeer/fleet/address';
import type { ConfigOrigins, OptionValues } from './config.ts';
import { quoted, refusal } from './refusal.ts';

/** Where the fleet's database is, from one of two options. Messages never repeat the text. */
export function readFleet(
  { fleet, fleetFile }: Pick<OptionValues, 'fleet' | 'fleetFile'>,
  origins: Pick<ConfigOrigins, 'fleet' | 'fleetFile'>,
  readFile: (path: string) => string,
): FleetAddress | undefined {
  // Empty means not given: variables of containers often exist without a value.
  const given = fleet?.trim() || undefined;
  if (given !== undefined && fleetFile !== undefined) {
    throw refusal(
      `${origins.fleet.text} and ${origins.fleetFile.text} both name the fleet's database: leave one out`,
    );
  }
  if (fleetFile !== undefined) return addressIn(fleetFile, origins.fleetFile.text, readFile);
  if (given === undefined) return undefined;
  const address = addressOf(given, origins.fleet.text);
  if (address.password !== undefined && origins.fleet.kind === 'flag') {
    throw refusal(
      `${origins.fleet.text} has a password in it, which every user of this machine can read while the program runs: write the address into a file for --fleet-file, or the password into .pgpass`,
    );
  }
  return address;
}

function addressIn(path: string, where: string, readFile: (path: string) => string): FleetAddress {
  let text: string;
  try {
    text = readFile(path);
  } catch (cause) {
    throw refusal(`${where}: ${quoted(path)} cannot be read (${fileTrouble(cause)})`, { cause });
  }
  return addressOf(text, `${where}: ${quoted(path)}`);
}

function addressOf(text: string, where: string): FleetAddress {
  const reading = readFleetAddress(text);
  if ('address' in reading) return reading.address;
  throw refusal(`${where}: ${reading.trouble}`);
}
