// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { assertPortFree } from '@sentrypeer/net';
import type { Config } from '../../config/config.ts';

/** The transport of a port that could not be opened, by the code of the error. */
const TRANSPORTS: ReadonlyMap<string, 'UDP' | 'TCP'> = new Map([
  ['port_taken', 'UDP'],
  ['port_unusable', 'UDP'],
  ['pool_port_taken', 'TCP'],
]);

/** Why a port of the DHT or of links could not be opened, with the program that has it where that can be known. */
export async function dhtPortFailure(
  error: unknown,
  { dhtPort: port, dhtAddresses }: Pick<Config, 'dhtPort' | 'dhtAddresses'>,
): Promise<unknown> {
  const transport = error instanceof OperatingError ? TRANSPORTS.get(error.code) : undefined;
  if (!(error instanceof OperatingError) || transport === undefined) return error;
  for (const address of dhtAddresses === 'all' ? ['0.0.0.0', '::'] : dhtAddresses) {
    try {
      await assertPortFree({ transport, address, port });
    } catch (failure) {
      if (!(failure instanceof OperatingError)) throw failure;
      if (failure.code !== 'port_taken' && failure.code !== 'port_forbidden') continue;
      return new OperatingError(
        error.code === 'port_unusable' ? failure.code : error.code,
        `${failure.message} It is the port of the DHT and its links: --dht-port names another.`,
        { cause: failure },
      );
    }
  }
  return error;
}
