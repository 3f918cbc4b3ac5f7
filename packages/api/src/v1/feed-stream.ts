// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { unreachable } from '@sentrypeer/kernel';
import type { FeedPage, FeedQuery } from '../feed.ts';
import { FEED_PAGE_ENTRIES } from '../limits.ts';
import type { Reputation } from '../reputation.ts';
import { changeEntry, listingEntry } from './entries.ts';
import type { Call } from './operation.ts';
import { messagesText, type StreamMessage } from './stream-message.ts';
import { beginAfter, sendEvents } from './stream-route.ts';

/** Answers with the feed: a snapshot if one is due, then each change as it is made. */
export function sendFeed(
  call: Pick<Call<never>, 'request' | 'reply' | 'ports'>,
  asked: number | undefined,
  query: FeedQuery,
): void {
  const begin = beginAfter(call, asked);
  if (begin === undefined) return;
  const { feed, feedStreams, reputation } = call.ports;
  const follower = feed.follow(begin.after, query);
  sendEvents(call, feedStreams, {
    read: () => {
      const page = follower.next(FEED_PAGE_ENTRIES);
      if (page === undefined) return { messages: '', more: false };
      return { messages: messagesText(messagesOf(page, follower.serial, reputation)), more: true };
    },
  });
}

function messagesOf(
  page: FeedPage,
  serial: number | undefined,
  reputation: Pick<Reputation, 'grouped'>,
): readonly StreamMessage[] {
  switch (page.kind) {
    case 'begin':
      return [{ type: 'begin', data: '{}' }];
    case 'listings':
      // Without ids: a client that is cut off inside a snapshot needs another one.
      return page.listings.map((entry) => ({
        type: 'entry',
        data: JSON.stringify(listingEntry(entry, reputation)),
      }));
    case 'end':
      return [{ type: 'end', id: page.serial, data: JSON.stringify({ serial: page.serial }) }];
    case 'changes': {
      const messages = page.changes.map((change) => ({
        type: 'change',
        id: change.changeId,
        data: JSON.stringify(changeEntry(change, reputation)),
      }));
      // What was left out moves a client on as well, or it would be behind in the end.
      if (serial === undefined || messages.at(-1)?.id === serial) return messages;
      return [...messages, { type: 'serial', id: serial, data: JSON.stringify({ serial }) }];
    }
    default:
      return unreachable(page);
  }
}
