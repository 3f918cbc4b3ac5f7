// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const STYLE =
  ':root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}code{font-size:.95em}li{margin:.4rem 0}';

/** What a browser may do with our pages: show them. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export const START_PAGE = htmlPage(
  'SentryPeer',
  `<h1>SentryPeer</h1>
<p>A SIP honeypot: it records who tried to register or to call, and which number. No one has a legitimate
reason to contact it, so every address below is suspect, and every number below was dialled by one.</p>
<ul>
<li><a href="/ip-addresses"><code>/ip-addresses</code></a>: all addresses, the one seen last first</li>
<li><code>/ip-addresses/{address}</code>: 200 where the address was seen, 404 where it was not</li>
<li><a href="/numbers"><code>/numbers</code></a>: all numbers, the one called last first</li>
<li><code>/numbers/{number}</code>: 200 where the number was called, 404 where it was not</li>
<li><code>/v1/lists/ip-addresses.txt</code>, <code>.csv</code>, <code>.ipset</code>, <code>.nft</code>,
<code>.rsc</code>: addresses for firewalls and routers</li>
<li><a href="/docs"><code>/docs</code></a>: events, totals, checks and all else under <code>/v1</code></li>
<li><a href="/health-check"><code>/health-check</code></a>: whether this node is up</li>
</ul>`,
);

export const HEALTH_PAGE = htmlPage('SentryPeer', '<h1>Hello from SentryPeer!</h1>');
