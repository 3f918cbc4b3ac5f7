// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { checkAuthorities } from '@sentrypeer/delivery';
import { Places } from '@sentrypeer/geo';
import { errorCode, OperatingError, type Logger } from '@sentrypeer/kernel';
import { readCertificate } from '@sentrypeer/net';
import type { Config } from '../config/config.ts';
import { refusal } from '../config/refusal.ts';
import { checkIdentity } from '../identity.ts';
import { placesOptions } from '../services/places-options.ts';
import { poolNetworkOf } from '../services/pool/pool-key.ts';

/** A person who asks is often not the user of the daemon, who may read them. */
const FORBIDDEN: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/**
 * Reads the keys, certificates and MMDB files of a configuration as the daemon does at its start, and makes none.
 * Rejects with a refusal if the daemon would refuse one.
 *
 * @returns What is to be said about them, one line each.
 */
export async function checkFiles(config: Config, logger: Logger): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const check of checksOf(config, logger)) {
    try {
      warnings.push(...((await check()) ?? []));
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      if (!FORBIDDEN.has(errorCode(error.cause))) throw refusal(error.message, { cause: error });
      warnings.push(`not checked: ${error.message}`);
    }
  }
  return warnings;
}

function checksOf(
  config: Config,
  logger: Logger,
): readonly (() => Promise<readonly string[] | void>)[] {
  const { noSip, noTls, sipAgentTlsAddresses, certFile, keyFile } = config;
  const servesTls = (!noSip && !noTls) || sipAgentTlsAddresses.length > 0;
  const places = placesOptions(config);
  return [
    () => checkIdentity(config.identityFile),
    async () => void (servesTls && readCertificate({ certPath: certFile, keyPath: keyFile })),
    async () => void (config.peerToPeer && (await poolNetworkOf(config))),
    async () => config.webhooks.forEach(checkAuthorities),
    async () => {
      if (config.api) (await Places.open(logger, places))[Symbol.dispose]();
    },
  ];
}
