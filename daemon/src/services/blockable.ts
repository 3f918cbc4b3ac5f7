// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Blockable } from '@sentrypeer/api';
import { formatPrefix, isNearlyIpv4, parsePrefix, unicastPart, type Prefix } from '@sentrypeer/ip';
import {
  Blocked,
  isOnlyCode,
  isWide,
  likelySlip,
  NEVER_BLOCKED,
  type Judge,
  type Subject,
} from '@sentrypeer/verdict';
import type { Decided } from './decided.ts';

/** A block of numbers, as lists name it. */
export const RANGE = /^\+\d{3,13}x{2,4}$/;
const NEARLY_RANGE = /^\+\d*x+$/;
/** Why a text that {@link isNearlyIpv4} recognises is not read as a number. */
export const NEARLY_ADDRESS =
  'it looks like an address but is not one; write addresses as 192.0.2.5 or 192.0.2.0/24, and numbers without dots';
const ONE_BY_ONE = 'numbers are blocked one by one or as a range, such as +46850780xx';
/** What one IPv6 subscriber holds; lists would contain a narrower network within it. */
const SUBSCRIBER_BITS = 64;
const ADDRESS_BITS = 128;

interface Ports {
  readonly judge: Judge;
  readonly decided: Decided;
}

/**
 * Reads what an operator wants to block: an address, a network, a number in any form, or a range such as `+46850780xx`.
 */
export function readBlockable(ports: Ports, text: string, nowEpochUs: number): Blockable {
  const network = parsePrefix(text);
  if (network !== undefined) return readNetwork(ports, network, nowEpochUs);
  if (isNearlyIpv4(text)) return unread(text, NEARLY_ADDRESS);
  if (text.includes('/')) {
    return unread(text, likelySlip(text) ?? 'it is no network such as 192.0.2.0/24');
  }
  if (text.includes('*') || text.indexOf('+', 1) > 0) {
    return unread(text, likelySlip(text) ?? ONE_BY_ONE);
  }
  if (NEARLY_RANGE.test(text)) {
    if (!RANGE.test(text))
      return unread(text, 'a range ends with xx, xxx or xxxx, after 3 digits or more');
    const subject = { kind: 'range', value: text.slice(1) } as const;
    const guard = ports.judge.guardOf(subject, nowEpochUs);
    return { kind: 'subject', subject, alike: [], isWide: false, guard };
  }
  return readNumber(ports, text, nowEpochUs);
}

/** The parts of a network that are not blocked with it, and why. */
export function exceptionsOf(
  { decided }: Ports,
  { kind, value }: Subject,
  nowEpochUs: number,
): readonly string[] {
  const network = kind === 'address' ? parsePrefix(value) : undefined;
  if (network === undefined) return [];
  const within = decided.never().within(network, nowEpochUs);
  return within.map((one) => `${formatPrefix(one.network)}: ${one.why}`);
}

function readNetwork({ judge, decided }: Ports, network: Prefix, nowEpochUs: number): Blockable {
  const value = formatPrefix(network);
  const { length } = network;
  if (value.includes(':') && length > SUBSCRIBER_BITS && length < ADDRESS_BITS) {
    return unread(value, 'one subscriber holds a /64 of IPv6: block that, or a single address');
  }
  const subject = { kind: 'address', value } as const;
  const block = { subject, comment: '', createdEpochUs: 0, untilEpochUs: undefined };
  const left = new Blocked([block], decided.never().networks()).subjects();
  const [first] = decided.never().within(network, nowEpochUs);
  const single = judge.guardOf({ kind: 'address', value: value.split('/')[0] ?? '' }, nowEpochUs);
  const why = first?.why ?? single ?? 'no host of the Internet has such an address';
  return {
    kind: 'subject',
    subject,
    alike: [],
    isWide: isWide({ kind: 'network', network: unicastPart(network) ?? network }),
    guard: left.length === 0 ? why : undefined,
  };
}

function readNumber({ judge, decided }: Ports, text: string, nowEpochUs: number): Blockable {
  if (isOnlyCode(text)) {
    return unread(text, `it is a code and not a number; ${ONE_BY_ONE}`);
  }
  const { number } = judge.judge({ number: text }, nowEpochUs);
  const { kind = 'none', e164, digits = '', destinationClass, reasons = [] } = number ?? {};
  if (kind === 'none') {
    return unread(
      text,
      'name an address, a network such as 192.0.2.0/24, a number such as +46701234567 or a range such as +46850780xx',
    );
  }
  // Digits that were blocked before the home country was set mean what is dialled by them now.
  const meant = e164 ?? (text.includes('+') ? undefined : decided.meaningOfBlocked(digits));
  const isGuarded = judge.numberStanding(text, nowEpochUs) === 'guarded';
  const helps =
    destinationClass !== undefined && NEVER_BLOCKED.has(destinationClass)
      ? 'people call it in need; such numbers are never refused'
      : undefined;
  return {
    kind: 'subject',
    subject: { kind: 'number', value: meant ?? digits },
    alike: meant === undefined ? [] : decided.blockedDigitsOf(meant),
    isWide: false,
    guard: isGuarded ? reasons[0] : helps,
  };
}

function unread(text: string, why: string): Blockable {
  return { kind: 'unread', why: `${text} cannot be blocked: ${why}` };
}
