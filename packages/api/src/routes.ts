// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { roomClient } from './access/client-address.ts';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress } from '@sentrypeer/ip';
import { readAskedNumber } from './asked-number.ts';
import { CONTENT_SECURITY_POLICY, HEALTH_PAGE, START_PAGE } from './html-pages.ts';
import { jsonListText, jsonText } from './json-text.ts';
import { LevelledLookUp, type LevelledPorts, type LookUpLevel } from './look-up-levels.ts';
import { LookUps, type LookUpAnswer } from './look-ups.ts';
import { ADDRESS_LIST_PARAMETERS } from './list-query.ts';
import { addressList, sendMachineList, type MachineListPorts } from './machine-lists.ts';
import type { RouteAccess } from './access/access.ts';
import { readQuery } from './parameters.ts';
import { sendProblem } from './problem.ts';
import { sendText } from './send-text.ts';
import { lastSegment } from './request-target.ts';
import type { AddressTotal, NumberTotal, Totals } from './totals.ts';

/** What most routes allow. */
export const ALLOWED_METHODS = 'GET, HEAD';

const JSON_TYPE = 'application/json';
const READ: RouteAccess = { need: 'read' };
/** Requires nothing. */
export const ANYBODYS: RouteAccess = { need: 'nothing' };

const NO_BAD_ACTOR = notFound('No bad actor found');
const NO_NUMBER = notFound('No phone number found');

type Handler = (request: FastifyRequest, reply: FastifyReply) => void;

export interface RoutesPorts extends MachineListPorts {
  readonly totals: Totals;
  readonly reputation: LevelledPorts['reputation'];
  readonly lookUpLevel: LookUpLevel;
  /** Answers a browser with the dashboard, unless there is none. @default there is none */
  readonly sendPage?: (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Adds the routes. */
export function addRoutes(app: FastifyInstance, ports: RoutesPorts, version: string): void {
  const { totals, lists } = ports;
  const lookUps = new LookUps(ports.headers);
  const levelled = new LevelledLookUp(ports, ports.lookUpLevel);
  addRoute(app, '/', ANYBODYS, (request, reply) => {
    if (!accepts(request, 'text/html')) return sendJson(reply, 200, { status: 'OK' });
    const page = async (): Promise<void> => {
      if ((await ports.sendPage?.(request, reply)) !== true) sendHtml(reply, START_PAGE);
    };
    return answerLater(reply, page());
  });
  addRoute(app, '/health-check', ANYBODYS, (request, reply) => {
    const message = 'Hello from SentryPeer!';
    if (wantsJson(request)) sendJson(reply, 200, { status: 'OK', message, version });
    else sendHtml(reply, HEALTH_PAGE);
  });
  addRoute(app, '/ip-addresses', READ, (request, reply) => {
    const list = lists.open(
      () => jsonListText('ip_addresses', totals.addresses(ports.lookUpLevel), addressEntry),
      roomClient(request),
    );
    answerLater(reply, sendList(request, reply, list, 'No bad actors found'));
  });
  addRoute(app, '/numbers', READ, (request, reply) => {
    const list = lists.open(
      () => jsonListText('called_numbers', totals.numbers(ports.lookUpLevel), numberEntry),
      roomClient(request),
    );
    answerLater(reply, sendList(request, reply, list, 'No phone numbers found'));
  });
  const lookUpAddress: Handler = (request, reply) => {
    const address = canonicalAddress(lastSegment(request.raw.url ?? '') ?? '');
    if (address === undefined) return sendInvalid(reply);
    return lookUps.add(reply, () => {
      const found = levelled.hasAddress(address, () => totals.address(address) !== undefined);
      return found ? okText({ bad_actor_found: address }) : NO_BAD_ACTOR;
    });
  };
  addRoute(app, '/ip-addresses/ipset', READ, (request, reply) => {
    const query = readQuery(request.raw.url ?? '', ADDRESS_LIST_PARAMETERS);
    if (!query.ok) return sendProblem(reply, 400, query.detail);
    return sendMachineList(ports, addressList('ipset'), query.values, request, reply);
  });
  // Wildcards: to look-up clients 404 means "clean", so text that is not an address must not look like a missing route.
  addRoute(app, '/ip-addresses/*', READ, lookUpAddress);
  addRoute(app, '/ip-address/*', READ, lookUpAddress);
  addRoute(app, '/numbers/*', READ, (request, reply) => {
    const asked = readAskedNumber(lastSegment(request.raw.url ?? ''), ports);
    if (asked === undefined) return sendInvalid(reply);
    return lookUps.add(reply, () => {
      const met = totals.number(asked.dialled);
      const found = levelled.hasNumber(asked.text, () => met !== undefined);
      return found ? okText({ phone_number_found: met ?? asked.text }) : NO_NUMBER;
    });
  });
}

/** A route for GET and HEAD. */
export function addRoute(
  app: FastifyInstance,
  url: string,
  access: RouteAccess,
  handler: Handler,
): void {
  app.route({ method: ['GET', 'HEAD'], url, handler, config: { access } });
}

export function sendInvalid(reply: FastifyReply): void {
  sendJson(reply, 400, { error: 'The request data was invalid' });
}

export function sendJson(
  reply: FastifyReply,
  status: number,
  value: Readonly<Record<string, string | number>>,
): void {
  // Already serialised; Fastify would add a charset, which JSON does not have (RFC 8259 §11).
  reply.code(status).type(JSON_TYPE).serializer(asIs).send(jsonText(value));
}

/** For an answer that takes time; Fastify would send nothing as soon as a promise of ours is fulfilled. */
export function answerLater(reply: FastifyReply, answer: Promise<void>): void {
  answer.catch((error: unknown) => reply.send(error));
}

/** @param empty The answer if there are no entries. */
async function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  list: Readable | undefined,
  empty: string,
): Promise<void> {
  if (list === undefined) {
    reply.header('Retry-After', '1');
    return sendJson(reply, 503, { error: 'Too many lists are being sent' });
  }
  reply.raw.once('close', () => list.destroy()); // Even if nothing has been found yet.
  if (!(await hasText(list))) return sendJson(reply, 404, { message: empty });
  if (request.method !== 'HEAD') return sendText(request, reply, JSON_TYPE, list);
  // The length of a list is unknown before it is sent.
  list.destroy();
  reply.type(JSON_TYPE).send();
}

/** Waits for the first text of a list, and leaves it there. Rejects if it cannot be made. */
function hasText(list: Readable): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  list.once('error', reject);
  list.once('close', () => resolve(false));
  list.once('end', () => resolve(false));
  list.once('readable', () => {
    const text: unknown = list.read();
    if (text === null) return; // The end follows.
    list.unshift(text);
    resolve(true);
  });
  return promise;
}

export function sendHtml(reply: FastifyReply, html: string): void {
  reply.header('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  reply.header('Vary', 'Accept, Content-Type');
  reply.type('text/html; charset=utf-8').send(html);
}

function okText(value: Readonly<Record<string, string>>): LookUpAnswer {
  return { status: 200, text: jsonText(value) };
}

function notFound(message: string): LookUpAnswer {
  return { status: 404, text: jsonText({ message }) };
}

function asIs(payload: unknown): string {
  return String(payload);
}

function accepts(request: FastifyRequest, mediaType: string): boolean {
  return request.headers.accept?.toLowerCase().includes(mediaType) === true;
}

/** SentryPeer 4.x looks at the content type of the request, which has no content. */
function wantsJson(request: FastifyRequest): boolean {
  const contentType = request.headers['content-type']?.toLowerCase() ?? '';
  return contentType.includes('application/json') || accepts(request, 'application/json');
}

function addressEntry(total: AddressTotal): Readonly<Record<string, string>> {
  return {
    ip_address: total.ipAddress,
    seen_last: total.seenLast,
    seen_count: String(total.seenCount),
  };
}

function numberEntry(total: NumberTotal): Readonly<Record<string, string>> {
  return {
    called_number: total.calledNumber,
    seen_last: total.seenLast,
    seen_count: String(total.seenCount),
  };
}
