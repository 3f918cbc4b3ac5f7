// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One message on a stream of server-sent events. */
export interface StreamMessage {
  /** One word. */
  readonly type: string;
  /** With it a client goes on where it was; without one it stays where it is. */
  readonly id?: number;
  /** One line. */
  readonly data: string;
}

/** As https://html.spec.whatwg.org/multipage/server-sent-events.html has it. */
export function messageText({ id, type, data }: StreamMessage): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${data}\n\n`;
}

/** One after another. */
export function messagesText(messages: readonly StreamMessage[]): string {
  return messages.map(messageText).join('');
}
