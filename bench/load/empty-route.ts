// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Fastify that answers a constant to each look-up: the least that one can cost. */

import fastify from 'fastify';

const app = fastify();
for (const path of ['/numbers/*', '/v1/check']) {
  app.get(path, (_request, reply) => {
    reply.type('application/json').send('{\n  "phone_number_found": "000000000000"\n}');
  });
}
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
console.log('ready');
