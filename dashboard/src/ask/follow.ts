// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { refusals } from './ask.ts';
import { RETRY_MS, RETRY_MS_MAX } from '../limits.ts';

/** What a follower receives. */
export interface Follower {
  /** @param type Of the event. */
  readonly onEvent: (type: string, data: unknown) => void;
  readonly onState: (isOpen: boolean) => void;
}

/**
 * Follows a stream of server-sent events while the page is visible, and continues after the newest id whenever it is
 * cut off. A hidden page holds no connection: browsers allow six for all pages of one server.
 *
 * @param pathAfter The path of the stream, after an id.
 * @param after The id to start after.
 * @returns Ends it.
 */
export function follow(
  pathAfter: (after: string) => string,
  after: string,
  types: readonly string[],
  { onEvent, onState }: Follower,
): () => void {
  let last = after;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = RETRY_MS;

  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    close();
    if (document.hidden) return;
    const opened = new EventSource(pathAfter(last));
    source = opened;
    opened.addEventListener('open', () => {
      waitMs = RETRY_MS;
      onState(true);
    });
    opened.addEventListener('error', () => {
      onState(false);
      // The browser retries unless it was refused; then it never does.
      if (opened.readyState !== EventSource.CLOSED) return;
      refusals.value += 1; // A stream does not say why.
      timer = setTimeout(open, waitMs);
      waitMs = Math.min(waitMs * 2, RETRY_MS_MAX);
    });
    for (const type of types) {
      opened.addEventListener(type, (event: MessageEvent<string>) => {
        if (event.lastEventId !== '') last = event.lastEventId;
        onEvent(type, JSON.parse(event.data));
      });
    }
  };
  document.addEventListener('visibilitychange', open);
  open();
  return () => {
    document.removeEventListener('visibilitychange', open);
    close();
  };
}
