// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Contact, Expected } from './story.ts';

/** Seconds. */
export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The same message several times. @param every Seconds. */
export function repeated(
  times: number,
  every: number,
  contact: Omit<Contact, 'at'> & { readonly at?: number },
): readonly Contact[] {
  const { at = 0 } = contact;
  return Array.from({ length: times }, (_, index) => ({ ...contact, at: at + index * every }));
}

/** The same message from several addresses, each in a separate network if `apart`. @param every Seconds. */
export function fromMany(
  count: number,
  every: number,
  contact: Omit<Contact, 'at' | 'from'> & { readonly at?: number; readonly isApart?: boolean },
): readonly Contact[] {
  const { at = 0, isApart = true, ...message } = contact;
  return Array.from({ length: count }, (_, index) => ({
    ...message,
    at: at + index * every,
    from: isApart ? `45.${index}.7.9` : `45.9.7.${index + 1}`,
  }));
}

/**
 * The same message from several subnets of one IPv6 /48, 0 to 65,535 each, with a random address in each. @param every
 * Seconds.
 */
export function fromSubnets(
  subnets: readonly number[],
  every: number,
  contact: Omit<Contact, 'at' | 'from'> & { readonly at?: number },
): readonly Contact[] {
  const { at = 0, ...message } = contact;
  return subnets.map((subnet, index) => ({
    ...message,
    at: at + index * every,
    from: inSubnet(subnet, 0x1234 + index),
  }));
}

/** An address in a subnet of that /48. */
export function inSubnet(subnet: number, host: number): string {
  const own = host.toString(16);
  return subnet === 0 ? `2a02:6b8:1::${own}` : `2a02:6b8:1:${subnet.toString(16)}::${own}`;
}

/** One message for each of several numbers or names. @param every Seconds. */
export function forEach(
  targets: readonly string[],
  every: number,
  contact: Omit<Contact, 'at' | 'to'> & { readonly at?: number },
): readonly Contact[] {
  const { at = 0 } = contact;
  return targets.map((to, index) => ({ ...contact, to, at: at + index * every }));
}

/** The expected verdict on an address at a time. */
export function address(value: string, level: Expected['level'], at: number): Expected {
  return { at, of: { address: value }, level };
}

/** The expected verdict on a number at a time. */
export function number(value: string, level: Expected['level'], at: number): Expected {
  return { at, of: { number: value }, level };
}
