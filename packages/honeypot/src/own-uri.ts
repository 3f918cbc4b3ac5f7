// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Request } from './request.ts';

/** Our own address and port as the request reached them. @param user With its `@`, or empty. */
export function ownUri(request: Request<unknown>, user = ''): string {
  const { destinationIp, destinationPort, transport } = request.input;
  const host = destinationIp.includes(':') ? `[${destinationIp}]` : destinationIp;
  const parameter = transport === 'UDP' ? '' : `;transport=${transport.toLowerCase()}`;
  return `sip:${user}${host}:${destinationPort}${parameter}`;
}
