// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Statuses with which a listed call can be refused: 403 and 404 end one route and may make the peer try another, 603
 * (RFC 3261 §21.6.2) and 608 (RFC 8688) end the call.
 */
export const REFUSALS = [403, 404, 603, 608] as const;

export type Refusal = (typeof REFUSALS)[number];
