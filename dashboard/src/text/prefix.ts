// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** An address as bits; `undefined` if the text is not an address. */
function bitsOf(address: string): string | undefined {
  if (address.includes(':')) return bitsOfIpv6(address);
  const parts = address.split('.');
  if (parts.length !== 4) return undefined;
  const octets = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
}

function bitsOfIpv6(address: string): string | undefined {
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(Math.max(0, missing)).fill('0'), ...tail];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}

export function isAddress(text: string): boolean {
  return bitsOf(text) !== undefined;
}

/** Not on any public network: loopback, private, link-local, and shared by providers (RFC 6890). */
const INSIDE = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/** Whether nothing can come from the address over the internet. */
export function isInside(address: string): boolean {
  return INSIDE.some((prefix) => isInPrefix(address, prefix));
}

export function isPrefix(text: string): boolean {
  const [address = '', length = '', ...more] = text.split('/');
  const bits = bitsOf(address);
  return (
    bits !== undefined &&
    more.length === 0 &&
    /^\d{1,3}$/.test(length) &&
    Number(length) <= bits.length
  );
}

/** Whether an address is within a prefix such as `203.0.113.0/24` or `2001:db8::/32`. */
export function isInPrefix(address: string, prefix: string): boolean {
  if (!isPrefix(prefix)) return false;
  const [base = '', length = ''] = prefix.split('/');
  const own = bitsOf(address);
  const wanted = bitsOf(base);
  if (own === undefined || own.length !== wanted?.length) return false;
  return own.startsWith(wanted.slice(0, Number(length)));
}
