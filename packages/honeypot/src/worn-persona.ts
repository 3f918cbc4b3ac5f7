// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyedHash } from '@sentrypeer/bytes';
import type { Persona } from './persona.ts';

/** A persona as this node wears it: one version, one realm. */
export interface WornPersona {
  readonly persona: Persona;
  readonly product: string;
  readonly realm: string;
  readonly allow: string;
  readonly allowed: ReadonlySet<string>;
  readonly supported: ReadonlySet<string>;
}

export function wear(persona: Persona, hash: KeyedHash): WornPersona {
  const allow = hash.pick('allow', persona.allow);
  return {
    persona,
    product: hash.pick('product', persona.products),
    realm: hash.pick('realm', persona.realms),
    allow,
    allowed: new Set(listed(allow)),
    supported: new Set(listed(persona.supported)),
  };
}

/** The elements of a comma list without quotes. */
export function listed(text: string): readonly string[] {
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
