// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress } from '@sentrypeer/ip';
import { isSigningSecret } from '@sentrypeer/delivery/settings';
import { SECRET_CHARACTERS_MAX, WEBHOOKS_COUNT_MAX } from '../limits.ts';
import type { ValueType } from './value-types.ts';

/** Exactly one of several words. */
export function choiceType<T extends string>(words: readonly T[]): ValueType<T> {
  return {
    placeholder: words.length > 3 ? 'WORD' : words.join('|'),
    wanted: `one of ${words.join(', ')}`,
    toml: ['string'],
    repeatable: false,
    parse: (text) => words.find((word) => word === text.trim()),
    format: (value) => value,
  };
}

/** One or more of several words. */
export function choicesType<T extends string>(words: readonly T[]): ValueType<readonly T[]> {
  return {
    placeholder: 'NAME',
    wanted: `one of ${words.join(', ')}`,
    toml: ['string'],
    repeatable: true,
    parse: (text) => {
      const found = text.split(',').map((part) => words.find((word) => word === part.trim()));
      return found.every((word) => word !== undefined) ? found : undefined;
    },
    format: (value) => value.join(','),
  };
}

const URL_WANTED = 'an address that begins with http:// or https://';

export const urlType: ValueType<URL> = {
  placeholder: 'URL',
  wanted: URL_WANTED,
  toml: ['string'],
  repeatable: false,
  isSecret: true,
  parse: parseUrl,
  format: (value) => value.href,
};

export const urlsType: ValueType<readonly URL[]> = {
  placeholder: 'URL',
  wanted: `${URL_WANTED}; a comma in it is written %2C`,
  toml: ['string'],
  repeatable: true,
  isSecret: true,
  parse: (text) => {
    if (text.trim() === '') return [];
    const urls = text.split(',').map((part) => parseUrl(part));
    if (urls.length > WEBHOOKS_COUNT_MAX) return undefined;
    return urls.every((url) => url !== undefined) ? urls : undefined;
  },
  format: (value) => value.map(({ href }) => href).join(','),
};

/** Any text on one line; may be empty. */
export const textType: ValueType<string> = {
  placeholder: 'TEXT',
  wanted: 'a text on one line',
  toml: ['string'],
  repeatable: false,
  parse: (text) => (isLine(text) ? text : undefined),
  format: (value) => value,
};

export const secretType: ValueType<string> = {
  ...textType,
  placeholder: 'SECRET',
  wanted: 'a secret on one line',
  isSecret: true,
};

export const signingSecretType: ValueType<string> = {
  ...secretType,
  wanted: 'a secret: whsec_ and Base64, or any other text on one line',
  parse: (text) => (isLine(text) && (text === '' || isSigningSecret(text)) ? text : undefined),
};

/**
 * An address of HTTP whose host is what was written. By itself `URL` repairs slips: it reads `http://1.2.3` as 1.2.0.3,
 * `http:///a` and `http:a` as the host a, and leaves out line breaks.
 */
export function parseUrl(text: string): URL | undefined {
  const trimmed = text.trim();
  const url = URL.parse(trimmed);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  const written = trimmed.slice(url.protocol.length).toLowerCase();
  const isWritten = written.startsWith('//') && !'/\\'.includes(written.charAt(2));
  const isHost = !isAddress(url.hostname) || written.includes(url.hostname);
  const isName = isAddress(url.hostname) || !url.hostname.split('.').slice(0, -1).includes('');
  return isWritten && isLine(trimmed) && isHost && isName && url.port !== '0' ? url : undefined;
}

function isAddress(host: string): boolean {
  return canonicalAddress(host) !== undefined;
}

function isLine(text: string): boolean {
  if (text.length > SECRET_CHARACTERS_MAX) return false;
  for (const character of text) if (character < ' ' || character === '\x7f') return false;
  return true;
}
