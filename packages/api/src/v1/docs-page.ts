// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { htmlPage } from '../html-pages.ts';
import type { Schema } from '../parameters.ts';
import type { Operation } from './operation.ts';
import { SCHEMAS } from './schemas.ts';

/** The operations for a person, without a script and without anything from elsewhere. */
export function docsPage(operations: readonly Operation[]): string {
  const list = operations
    .map(
      ({ path, summary }) =>
        `<li><a href="#${path}"><code>${path}</code></a>: ${escape(summary)}</li>`,
    )
    .join('\n');
  const body = operations.map(operationHtml).join('\n');
  return htmlPage(
    'SentryPeer API',
    `<h1>SentryPeer API</h1>
<p>For programs: <a href="/openapi.json">OpenAPI 3.1</a>. What goes wrong is told as problem details
(RFC 9457). Times are UTC. A key goes into <code>Authorization: Bearer KEY</code> or <code>X-Api-Key: KEY</code>.</p>
<ul>
${list}
</ul>
${body}`,
  );
}

function operationHtml(own: Operation): string {
  const { place, query } = own;
  const parameters = [
    ...(place === undefined ? [] : [[place.name, place.parameter] as const]),
    ...Object.entries(query),
  ];
  const rows = parameters.map(
    ([name, { description, right }]) =>
      `<li><code>${name}</code>: ${escape(description)} Must be ${escape(right)}.</li>`,
  );
  return `<h2 id="${own.path}"><code>GET ${own.path}</code></h2>
<p>${escape(own.summary)}.${own.description === undefined ? '' : ` ${escape(own.description)}`}</p>
${rows.length === 0 ? '' : `<ul>\n${rows.join('\n')}\n</ul>`}
<details><summary>Answer: <code>${own.mediaType}</code></summary>
<pre>${escape(JSON.stringify(resolved(own.schema), undefined, 1))}</pre></details>`;
}

/** With the schemas in the place of their names. */
function resolved(schema: Schema): unknown {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$ref' in value)) return value;
    const name = String(value.$ref).split('/').at(-1) ?? '';
    return resolved((SCHEMAS as Readonly<Record<string, Schema>>)[name] ?? {});
  });
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
