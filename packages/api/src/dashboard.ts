// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addRoute, ANYBODYS, sendJson } from './routes.ts';
import { acceptsGzip } from './send-text.ts';

/** A file of the dashboard. */
export interface DashboardFile {
  readonly mediaType: string;
  readonly octets: Uint8Array;
  readonly gzipped: Uint8Array;
}

/** The page that browsers get. */
export interface Dashboard {
  /** All files by name; `index.html` is the page. `undefined` if this node has none. */
  files(): Promise<ReadonlyMap<string, DashboardFile> | undefined>;
}

/**
 * What the page may do: run its own script, use its own style, and talk to this server. No text can become markup or a
 * script, whatever the page's script does with it (https://www.w3.org/TR/trusted-types/).
 */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** No other site's page may hold a handle to the page's window. */
const OPENER_POLICY = { 'Cross-Origin-Opener-Policy': 'same-origin' };

/** File names contain a hash of their content. */
const KEPT = 'public, max-age=31536000, immutable';

/** Adds the route for the files that the page needs. */
export function addDashboardRoutes(app: FastifyInstance, dashboard: Dashboard): void {
  addRoute(app, '/dashboard/:file', ANYBODYS, (request, reply) => {
    const { file: name = '' } = request.params as Readonly<Record<string, string>>;
    sendFile(dashboard, request, reply, name).then(
      (isSent) => {
        if (!isSent) sendJson(reply, 404, { error: 'The requested resource could not be found.' });
      },
      (error: unknown) => reply.send(error),
    );
  });
}

/** Answers with the page. @returns Whether there is one; otherwise nothing was sent. */
export function sendDashboard(
  dashboard: Dashboard,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  return sendFile(dashboard, request, reply, 'index.html');
}

async function sendFile(
  dashboard: Dashboard,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
): Promise<boolean> {
  const file = (await dashboard.files())?.get(name);
  if (file === undefined) return false;
  const isPage = name === 'index.html';
  reply.headers(PAGE_HEADERS).type(file.mediaType);
  reply.header('Cache-Control', isPage ? 'no-cache' : KEPT);
  reply.header('Vary', isPage ? 'Accept, Accept-Encoding, Sec-Fetch-Site' : 'Accept-Encoding');
  if (isPage && isTrustworthy(request)) reply.headers(OPENER_POLICY);
  const isPacked = acceptsGzip(request);
  if (isPacked) reply.header('Content-Encoding', 'gzip');
  reply.send(isPacked ? file.gzipped : file.octets);
  return true;
}

/**
 * Whether the browser got the address over HTTPS or from its own machine, perhaps through a proxy. Elsewhere it ignores
 * the policy with an error in its console, and sends none of these headers (https://www.w3.org/TR/fetch-metadata/).
 */
function isTrustworthy(request: FastifyRequest): boolean {
  return request.protocol === 'https' || 'sec-fetch-site' in request.headers;
}
