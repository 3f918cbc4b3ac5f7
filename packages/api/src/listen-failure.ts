// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';

/** Turns a failed `listen` into an error that a person can act on. */
export function listenFailure(
  error: unknown,
  place: { readonly host: string; readonly port: number },
): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `API: TCP port ${place.port} on ${place.host}`;
  const cause = { cause: error };
  switch (code) {
    case 'EADDRINUSE':
      return new OperatingError(
        'port_taken',
        `${where} is taken by another program. Stop it, or configure another port or address.`,
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return new OperatingError(
        'port_forbidden',
        `${where} is forbidden to this user. Configure a port above 1023.`,
        cause,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new OperatingError(
        'address_unknown',
        `${where} cannot be opened: this machine does not have that address. Configure one of its own.`,
        cause,
      );
    default:
      return error;
  }
}
