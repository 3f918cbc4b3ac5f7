// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { afiSafiKey, type AfiSafi } from './afi-safi.ts';
import { encodeMessage, MessageType } from './message.ts';

/** RFC 7313 §4: what a ROUTE-REFRESH means. */
export const RefreshSubtype = { request: 0, begin: 1, end: 2 } as const;
export type RefreshSubtype = (typeof RefreshSubtype)[keyof typeof RefreshSubtype];

/** ROUTE-REFRESH, RFC 2918 §3. */
export function encodeRouteRefresh({ afi, safi }: AfiSafi, subtype: RefreshSubtype): Uint8Array {
  const body = Uint8Array.of(afi >> 8, afi & 0xff, subtype, safi);
  return encodeMessage(MessageType.routeRefresh, body);
}

/** @returns `undefined` if the body is not four octets long. */
export function decodeRouteRefresh(
  body: Uint8Array,
): { readonly family: number; readonly subtype: number } | undefined {
  if (body.length !== 4) return undefined;
  const [high = 0, low = 0, subtype = 0, safi = 0] = body;
  return { family: afiSafiKey({ afi: (high << 8) | low, safi }), subtype };
}
