// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Fastify with one route that answers a constant: the least that a look-up can cost. */

import fastify from 'fastify';

const app = fastify();
app.get('/numbers/*', (_request, reply) => {
  reply.type('application/json').send('{\n  "phone_number_found": "000000000000"\n}');
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
console.log('ready');
