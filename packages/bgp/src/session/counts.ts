// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What a neighbour counts since the speaker was opened. */
export class Counts {
  receivedMessages = 0;
  receivedOctets = 0;
  receivedUpdates = 0;
  sentMessages = 0;
  sentOctets = 0;
  sentUpdates = 0;
  prefixesDropped = 0;
  updatesMalformed = 0;
  refreshes = 0;
  flaps = 0;
}
