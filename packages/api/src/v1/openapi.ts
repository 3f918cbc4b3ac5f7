// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Parameter, Schema } from '../parameters.ts';
import type { Operation } from './operation.ts';
import { OTHER_PATHS } from './other-paths.ts';
import { reference, SCHEMAS } from './schemas.ts';

const PROBLEM = { 'application/problem+json': { schema: reference('Problem') } };
const KEYS = [{ bearer: [] }, { key: [] }];

/** The OpenAPI 3.1 document, made of what the operations read and answer. */
export function openApiDocument(operations: readonly Operation[], version: string): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'SentryPeer',
      version,
      summary:
        'Who tried to call what: addresses, numbers and events that a SIP honeypot collected.',
      license: { name: 'GPL-2.0-only OR GPL-3.0-only', identifier: 'GPL-2.0-only OR GPL-3.0-only' },
    },
    servers: [{ url: '/' }],
    paths: {
      ...Object.fromEntries(operations.map((own) => [own.path, { get: getOf(own) }])),
      ...OTHER_PATHS,
    },
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
  };
}

function getOf(own: Operation): Schema {
  const { place, query } = own;
  const inPath = place === undefined ? [] : [parameterOf(place.name, place.parameter, 'path')];
  const inQuery = Object.entries(query).map(([name, parameter]) =>
    parameterOf(name, parameter, 'query'),
  );
  return {
    operationId: operationId(own.path),
    summary: own.summary,
    ...(own.description === undefined ? {} : { description: own.description }),
    security: securityOf(own),
    parameters: [...inPath, ...inQuery],
    responses: {
      '200': {
        description: own.summary,
        content: { [own.mediaType]: { schema: own.schema } },
      },
      ...(own.notFound === undefined
        ? {}
        : { '404': { description: own.notFound, content: PROBLEM } }),
      '400': { description: 'The request contains something that is wrong.', content: PROBLEM },
      '401': { description: 'A key is needed, or this one is not known.', content: PROBLEM },
      '403': { description: 'This key may not do that.', content: PROBLEM },
      '429': { description: 'Too many requests; see Retry-After.', content: PROBLEM },
      '503': { description: 'Too many lists or streams; see Retry-After.', content: PROBLEM },
    },
  };
}

/** Reading needs no key, unless the operator says otherwise. */
function securityOf({ need }: Operation): readonly Schema[] {
  if (need === 'nothing') return [];
  return need === 'read' ? [{}, ...KEYS] : KEYS;
}

function parameterOf(name: string, parameter: Parameter<unknown>, where: 'path' | 'query'): Schema {
  const { description, schema } = parameter;
  return { name, in: where, required: where === 'path', description, schema };
}

/** `/v1/user-agents` is `getUserAgents`, `/v1/numbers/{number}` is `getNumbersByNumber`. */
function operationId(path: string): string {
  const words = path
    .replace('/v1/', '')
    .replaceAll('{', 'by-')
    .split(/[^a-z0-9]+/);
  const capitals = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `get${capitals.join('')}`;
}
