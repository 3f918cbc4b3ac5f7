// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isLoopback } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import { bodyText, jsonBody, PostedText, postRoute } from '../cloud/posted.ts';
import { TOKEN_OCTETS_MAX } from '../limits.ts';
import { sendProblem } from '../problem.ts';
import { rfc3339 } from '../rfc3339.ts';
import { addRoute, ANYBODYS } from '../routes.ts';
import type { Access, Caller } from './access.ts';
import { sendRefusal } from './admission.ts';
import { bareAddress, clientAddress } from './client-address.ts';
import { setSession } from './session-cookie.ts';

const SESSION_PATH = '/v1/session';
const RIGHT = 'the body must be {"key": KEY}';

interface SessionPorts {
  readonly access: Access;
  readonly clock: Clock;
}

/** `/v1/session`: a browser gives a key (POST), asks who it is (GET), and signs out (DELETE). */
export function addSessionRoutes(app: FastifyInstance, ports: SessionPorts): void {
  addRoute(app, SESSION_PATH, ANYBODYS, (request, reply) =>
    sendSession(ports, request, reply, request.caller),
  );
  app.route({
    method: 'DELETE',
    url: SESSION_PATH,
    config: { access: ANYBODYS },
    handler: (request, reply) => {
      const { session } = request.caller;
      if (session !== undefined) ports.access.signOut(session);
      setSession(request, reply, undefined);
      reply.code(204).send();
    },
  });
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, new PostedText().parse);
    const access = { ...ANYBODYS, keyInBody, octetsMax: TOKEN_OCTETS_MAX };
    postRoute(scope, SESSION_PATH, access, (request, reply) => signIn(ports, request, reply));
    done();
  });
}

function signIn(ports: SessionPorts, request: FastifyRequest, reply: FastifyReply): void {
  const { access } = ports;
  const key = keyInBody(bodyText(request));
  if (key === undefined) return sendProblem(reply, 400, RIGHT);
  const signedIn = access.signIn(clientAddress(request), key);
  if ('refusal' in signedIn) return sendRefusal(request, reply, signedIn.refusal);
  // Never continues with an id that somebody else may have put there.
  if (request.caller.session !== undefined) access.signOut(request.caller.session);
  setSession(request, reply, signedIn.id);
  sendSession(ports, request, reply, signedIn.caller);
}

/** `undefined` if there is none. */
function keyInBody(text: string): string | undefined {
  const body = jsonBody(text);
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined;
  return typeof key === 'string' && key !== '' ? key.trim() : undefined;
}

/** The session of a browser; a key that came any other way is not a session. */
function sendSession(
  { access, clock }: SessionPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
): void {
  const { session, role } = caller;
  const leftMs = (session?.endsAtMs ?? 0) - clock.nowMs();
  const answer = {
    // Whoever opens the page on another machine signs in, even where programs may read without a key.
    key_required: access.keyRequired || !isLoopback(bareAddress(clientAddress(request))),
    session:
      session === undefined
        ? null
        : {
            name: session.keyName,
            role,
            token: session.token,
            until: rfc3339(clock.epochUs() + Math.round(leftMs * 1000)),
          },
  };
  const text = JSON.stringify(answer);
  reply
    .header('Cache-Control', 'no-store')
    .header('Vary', 'Cookie')
    .type('application/json')
    .serializer(() => text)
    .send(text);
}
