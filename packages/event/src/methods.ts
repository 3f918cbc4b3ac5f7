// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The methods of RFC 3261 and its extensions, as IANA registers them. */
export const REGISTERED_METHODS: readonly string[] = [
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
];
