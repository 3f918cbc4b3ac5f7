// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Schema } from '../parameters.ts';

/* What schemas are made of. */

export const time = (description: string): Schema => ({
  type: 'string',
  format: 'date-time',
  description,
});
export const text = (description: string): Schema => ({ type: 'string', description });
export const textOrNull = (description: string): Schema => ({
  type: ['string', 'null'],
  description,
});
export const timeOrNull = (description: string): Schema => ({
  type: ['string', 'null'],
  format: 'date-time',
  description,
});
export const count = (description: string): Schema => ({
  type: 'integer',
  minimum: 0,
  description,
});

export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}
