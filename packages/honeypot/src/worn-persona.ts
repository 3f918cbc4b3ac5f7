// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyedHash } from '@sentrypeer/bytes';
import type { Persona } from './persona.ts';

/** A persona as worn by this node: one version, one realm. */
export interface WornPersona {
  readonly persona: Persona;
  readonly product: string;
  readonly realm: string;
  readonly allow: string;
  readonly allowed: ReadonlySet<string>;
  readonly supported: ReadonlySet<string>;
  /** `Asterisk PBX 16.28.0` is named `16.28.0` in session descriptions. */
  readonly sessionName: string;
}

export function wear(persona: Persona, hash: KeyedHash): WornPersona {
  const allow = hash.pick('allow', persona.allow);
  const product = hash.pick('product', persona.products);
  return {
    persona,
    product,
    realm: hash.pick('realm', persona.challenge.realms),
    allow,
    allowed: new Set(listed(allow)),
    supported: new Set(listed(persona.supported)),
    sessionName: persona.session.name.replace('{version}', versionOf(product)),
  };
}

/** `Asterisk PBX 16.28.0` and `FPBX-15.0.16.81(16.13.0)`: the part after the name, or between the brackets. */
function versionOf(product: string): string {
  const bracket = product.indexOf('(');
  if (bracket !== -1 && product.endsWith(')')) return product.slice(bracket + 1, -1);
  return product.slice(product.lastIndexOf(' ') + 1);
}

/** The elements of a comma-separated list without quotes. */
export function listed(text: string): readonly string[] {
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
