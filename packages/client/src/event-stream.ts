// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { STREAM_EVENT_CHARACTERS_MAX } from './limits.ts';

/** One message of a stream of server-sent events. */
export interface StreamMessage {
  readonly id: string;
  readonly data: string;
}

/** Messages with data, parsed as https://html.spec.whatwg.org/multipage/server-sent-events.html defines. */
export async function* streamMessages(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<StreamMessage> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const message = parseMessage(text.slice(0, end));
        text = text.slice(end + 2);
        if (message !== undefined) yield message;
      }
      if (text.length > STREAM_EVENT_CHARACTERS_MAX) throw new Error('an event has no end');
    }
  } finally {
    await reader.cancel().catch(() => undefined); // It is broken already, or we are leaving.
  }
}

function parseMessage(text: string): StreamMessage | undefined {
  let id = '';
  let data: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('id: ')) id = line.slice(4);
    else if (line.startsWith('data: ')) data = line.slice(6);
  }
  return data === undefined ? undefined : { id, data };
}
