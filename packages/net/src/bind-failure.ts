// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatEndpoint } from '@sentrypeer/ip';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { filesAdvice } from './files-advice.ts';
import { formatHolder, portHolder, type SocketPlace } from './port-holder.ts';

/** Turns a failed `bind` or `listen` into an error that a person can act on. */
export async function bindFailure(error: unknown, place: SocketPlace): Promise<OperatingError> {
  const where = `${place.transport} port ${place.port} on ${place.address}`;
  const cause = { cause: error };
  switch (errorCode(error) ?? '') {
    case 'EADDRINUSE': {
      const holder = formatHolder(await portHolder(place));
      return new OperatingError(
        'port_taken',
        `${where} is taken by ${holder}. Stop that program, or configure another port or address.`,
        cause,
      );
    }
    case 'EACCES':
    case 'EPERM':
      return new OperatingError(
        'port_forbidden',
        `${where} is forbidden to this user. Ports below 1024 need the capability CAP_NET_BIND_SERVICE ` +
          '(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE) or root; or configure a higher port.',
        cause,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new OperatingError(
        'address_unknown',
        `${where} cannot be opened: this machine does not have the address ${place.address}. ` +
          'Configure one of its own addresses, or all of them.',
        cause,
      );
    default: {
      const advice = filesAdvice(errorCode(error));
      return new OperatingError(
        'port_unusable',
        `${place.transport} ${formatEndpoint(place)} cannot be opened: ${String(error)}${advice === undefined ? '' : `. ${advice}`}`,
        cause,
      );
    }
  }
}
