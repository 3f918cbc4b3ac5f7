// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

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

function parseUrl(text: string): URL | undefined {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  return url;
}

function isLine(text: string): boolean {
  if (text.length > SECRET_CHARACTERS_MAX) return false;
  for (const character of text) if (character < ' ' || character === '\x7f') return false;
  return true;
}
