// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { htmlPage } from '../html-pages.ts';
import type { Schema } from '../parameters.ts';
import type { Operation } from './operation.ts';
import { OTHER_PATHS } from './other-paths.ts';
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
<li><a href="#others">Routes of SentryPeer 4.x, SentryPeerHQ, APIBAN, and for those who watch over it</a></li>
</ul>
${body}
<h2 id="others">Routes of other programs</h2>
<p>As those programs have them, for the clients they have; docs/api.md tells of each.</p>
<ul>
${otherPathsHtml()}
</ul>`,
  );
}

function otherPathsHtml(): string {
  return Object.entries(OTHER_PATHS)
    .flatMap(([path, methods]) =>
      Object.entries(methods as Readonly<Record<string, { readonly summary: string }>>).map(
        ([method, { summary }]) =>
          `<li><code>${method.toUpperCase()} ${path}</code>: ${escape(summary)}</li>`,
      ),
    )
    .join('\n');
}

function operationHtml(own: Operation): string {
  const { place, query } = own;
  const parameters = [
    ...(place === undefined ? [] : [[place.name, place.parameter] as const]),
    ...Object.entries(query),
  ];
  const rows = parameters.map(
    ([name, { description, right }]) =>
      `<li><code>${name}</code>: ${prose(description)} Must be ${escape(right)}.</li>`,
  );
  return `<h2 id="${own.path}"><code>GET ${own.path}</code></h2>
<p>${escape(own.summary)}.${own.description === undefined ? '' : ` ${prose(own.description)}`}</p>
${rows.length === 0 ? '' : `<ul>\n${rows.join('\n')}\n</ul>`}
<details><summary>Answer: <code>${own.mediaType}</code></summary>
<pre>${escape(JSON.stringify(resolved(own.schema), undefined, 1))}</pre></details>`;
}

/** With the schemas in place of their names. */
function resolved(schema: Schema): unknown {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$ref' in value)) return value;
    const name = String(value.$ref).split('/').at(-1) ?? '';
    return resolved((SCHEMAS as Readonly<Record<string, Schema>>)[name] ?? {});
  });
}

/** With the text in backticks as code. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
