// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SessionError } from '@sentrypeer/bgp';
import { SESSION_DOWN_MS } from './limits.ts';
import type { NeighbourNote } from './run-directory.ts';

/** What an operator should look at, in words. @param nowEpochMs Wall-clock milliseconds. */
export function sessionAlarms(
  neighbours: readonly NeighbourNote[],
  nowEpochMs: number,
): readonly string[] {
  return neighbours.flatMap((one) => {
    const { name, state, downSinceEpochMs = nowEpochMs, prefixesHeldBack: held } = one;
    const isDown = nowEpochMs - downSinceEpochMs > SESSION_DOWN_MS;
    return [
      ...(isDown ? [`no session with ${name} (${state}): ${errorText(one)}`] : []),
      ...(held > 0 ? [`${name} is not sent ${held} prefixes: more than its prefixes_max`] : []),
    ];
  });
}

/**
 * The RFC's name of the last error, and which side reported it; after a failed attempt, also why the session had ended.
 */
export function errorText({
  lastError,
  lastNotification,
}: Pick<NeighbourNote, 'lastError' | 'lastNotification'>): string {
  if (lastError === undefined) return 'no error so far';
  if (lastError.direction !== 'local' || lastNotification === undefined) return textOf(lastError);
  return `${textOf(lastError)}, after ${textOf(lastNotification)}`;
}

function textOf({ direction, name, communication }: SessionError): string {
  const said = communication === undefined ? '' : `: ${communication}`;
  return direction === 'local' ? `${name}${said}` : `${name}, ${direction}${said}`;
}
