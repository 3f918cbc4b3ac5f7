// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyRequest } from 'fastify';
import { isLoopback, sourceKey } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import type { Role } from '../evidence.ts';
import {
  FAILED_CLIENT_KEYS_COUNT_MAX,
  FAILED_KEY_PREFIX_CHARACTERS,
  FAILED_KEYS_COUNT_MAX,
  FAILED_KEYS_MS,
  KEY_CHARACTERS_MAX,
  RATE_MS,
} from '../limits.ts';
import { bareAddress, clientAddress } from './client-address.ts';
import { RequestWindows } from './request-windows.ts';
import { sessionId } from './session-cookie.ts';
import { hasToken, Sessions, type Session } from './sessions.ts';

/**
 * What a route requires of its caller. `secrets` are raw messages and credentials; `follow` is reading with a key that
 * tells one follower from another.
 */
export type Need = 'nothing' | 'read' | 'follow' | 'secrets' | 'write' | 'decide';

/** How a route is guarded; a route without this requires nothing. */
export interface RouteAccess {
  readonly need: Need;
  /** The parameter `key` of the path is a key, for clients that can't send a header. */
  readonly keyInPath?: boolean;
  /** Reads the key in the body, for requests by which somebody signs in. */
  readonly keyInBody?: (text: string) => string | undefined;
  /** The format of errors. @default problem details under `/v1`, otherwise that of SentryPeerHQ */
  readonly errors?: 'lapi';
}

/** Who asks: `undefined` if no key was given. */
export interface Caller {
  readonly role: Role | undefined;
  /** Name of the key. */
  readonly name?: string;
  /** The key came by the cookie of a browser. */
  readonly session?: Session;
  /** Whether the key, and the session if there is one, are still good: answers may last long. Absent without a key. */
  readonly isGood?: () => boolean;
}

/** Why somebody is refused, and what would be right. */
export interface Refusal {
  readonly status: 401 | 403 | 421 | 429;
  readonly error:
    | 'missing_token'
    | 'invalid_token'
    | 'invalid_client'
    | 'insufficient_permissions'
    | 'misdirected'
    | 'too_many';
  readonly detail: string;
  /** Seconds, with status 429. */
  readonly retryAfter?: number;
}

export type AccessOutcome = { readonly caller: Caller } | { readonly refusal: Refusal };

export interface AccessPorts {
  readonly clock: Clock;
  apiKey(key: string): { readonly name: string; readonly role: Role } | undefined;
}

export interface AccessOptions {
  /** Whether reading needs a key too. */
  readonly keyRequired: boolean;
  /** Requests per second of one client that is not this machine; 0 sets no limit. */
  readonly ratePerSecond: number;
  /** Requests per second with one key, from any address; 0 sets no limit. */
  readonly keyRatePerSecond: number;
}

type Key = NonNullable<ReturnType<AccessPorts['apiKey']>>;

const TOO_MANY_WRONG = 'there were too many wrong keys from this address';
const UNKNOWN_KEY = 'this key is not known; keys are made with: sentrypeer keys add NAME ROLE';
/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const ANYBODY: Caller = { role: undefined };
const ALLOWED: Readonly<Record<Need, readonly Role[]>> = {
  nothing: ['read', 'write', 'admin'],
  read: ['read', 'admin'],
  follow: ['read', 'admin'],
  secrets: ['read', 'admin'],
  write: ['write', 'admin'],
  decide: ['admin'],
};

/** Decides who may ask what. */
export class Access {
  readonly #ports: AccessPorts;
  readonly #options: AccessOptions;
  readonly #requests: RequestWindows;
  readonly #keyRequests: RequestWindows;
  /** Keyed by address and the beginning of the key. */
  readonly #failures: RequestWindows;
  readonly #failedClients: RequestWindows;
  readonly #sessions = new Sessions();

  constructor(ports: AccessPorts, options: AccessOptions) {
    this.#ports = ports;
    this.#options = options;
    const windowMs = RATE_MS;
    this.#requests = new RequestWindows({
      countMax: (options.ratePerSecond * windowMs) / 1000,
      windowMs,
    });
    this.#keyRequests = new RequestWindows({
      countMax: (options.keyRatePerSecond * windowMs) / 1000,
      windowMs,
    });
    this.#failures = new RequestWindows({
      countMax: FAILED_KEYS_COUNT_MAX,
      windowMs: FAILED_KEYS_MS,
    });
    this.#failedClients = new RequestWindows({
      countMax: FAILED_CLIENT_KEYS_COUNT_MAX,
      windowMs: FAILED_KEYS_MS,
    });
  }

  /**
   * A known key is limited only by its own rate: what others do from the same address (a NAT, a proxy) never counts
   * against it. Keys have 256 random bits, so looking up each one gives a guessing attacker nothing.
   */
  admit(request: FastifyRequest, access: RouteAccess): AccessOutcome {
    const texts = keysOf(request, access);
    const [text] = texts;
    const nowMs = this.#ports.clock.nowMs();
    const address = clientAddress(request);
    for (const one of texts) {
      const key = this.#key(one);
      if (key === undefined) continue;
      const admitted = this.#admitKey(key, access, nowMs);
      if ('refusal' in admitted) return admitted;
      return { caller: { ...admitted.caller, isGood: () => this.#key(one) !== undefined } };
    }
    const admission = this.#admitSession(request, access, nowMs);
    if (admission !== undefined) return admission;
    // The key that is in its body may be a good one.
    const refused =
      access.keyInBody === undefined ? this.#countStranger(address, nowMs) : undefined;
    if (refused !== undefined) return { refusal: refused };
    if (text === undefined) return this.#admitWithoutKey(access);
    // Clients of other services send whatever key they were given there.
    if (access.keyInPath === true && this.#isOpen(access.need)) return { caller: ANYBODY };
    const refusal: Refusal = { status: 401, error: 'invalid_token', detail: UNKNOWN_KEY };
    return { refusal: this.#countFailure(address, text, nowMs) ?? refusal };
  }

  /**
   * Counts a request that has its key in the body, once that was read: against the key if it is known, otherwise
   * against the address.
   *
   * @returns A refusal if it is one too many.
   */
  admitBody(request: FastifyRequest, key: string | undefined): Refusal | undefined {
    if (request.caller.role !== undefined) return undefined;
    const nowMs = this.#ports.clock.nowMs();
    const known = key === undefined ? undefined : this.#key(key);
    if (known !== undefined) return this.#countKey(known, nowMs);
    return this.#countStranger(clientAddress(request), nowMs);
  }

  /**
   * Opens a session for a browser, for a key that may read. Wrong ones count as wrong keys do.
   *
   * @param address Address of the client.
   * @returns The cookie's value and the caller.
   */
  signIn(
    address: string,
    text: string,
  ): { readonly id: string; readonly caller: Caller } | { readonly refusal: Refusal } {
    const nowMs = this.#ports.clock.nowMs();
    const key = this.#key(text);
    if (key === undefined) {
      const refusal: Refusal = { status: 401, error: 'invalid_token', detail: UNKNOWN_KEY };
      return { refusal: this.#countFailure(address, text, nowMs) ?? refusal };
    }
    const admission = this.#admitRole(key, 'secrets');
    if ('refusal' in admission) return admission;
    const { id, session } = this.#sessions.open(text, key.name, nowMs);
    return { id, caller: { ...admission.caller, session } };
  }

  signOut(session: Session): void {
    this.#sessions.close(session);
  }

  /** Whether reading needs a key. */
  get keyRequired(): boolean {
    return this.#options.keyRequired;
  }

  /** By a browser's cookie; `undefined` if there is none, or its session is over. */
  #admitSession(
    request: FastifyRequest,
    access: RouteAccess,
    nowMs: number,
  ): AccessOutcome | undefined {
    const id = sessionId(request);
    const session = id === undefined ? undefined : this.#sessions.find(id, nowMs);
    if (session === undefined) return undefined;
    const key = this.#key(session.key);
    if (key === undefined) {
      this.#sessions.close(session); // It was revoked.
      return undefined;
    }
    const admission = this.#admitKey(key, access, nowMs);
    if ('refusal' in admission) return admission;
    // The browser adds the cookie to everything sent here; only our own page knows the token.
    if (!SAFE_METHODS.has(request.method) && !hasToken(session, request.headers['x-csrf-token'])) {
      const detail = 'a change with a session needs its token in X-CSRF-Token';
      return { refusal: { status: 403, error: 'insufficient_permissions', detail } };
    }
    const isGood = (): boolean =>
      this.#sessions.has(session, this.#ports.clock.nowMs()) &&
      this.#key(session.key) !== undefined;
    return { caller: { ...admission.caller, session, isGood } };
  }

  #admitKey(key: Key, access: RouteAccess, nowMs: number): AccessOutcome {
    const refusal = this.#countKey(key, nowMs);
    return refusal === undefined ? this.#admitRole(key, access.need) : { refusal };
  }

  /** @returns A refusal if there were too many requests with this key. */
  #countKey(key: Key, nowMs: number): Refusal | undefined {
    if (this.#options.keyRatePerSecond === 0) return undefined;
    const waitMs = this.#keyRequests.take(key.name, nowMs);
    if (waitMs === 0) return undefined;
    return tooMany(waitMs, 'there were too many requests with this key').refusal;
  }

  /** Counts a request without a good key. @returns A refusal if it is one too many. */
  #countStranger(address: string, nowMs: number): Refusal | undefined {
    if (this.#options.ratePerSecond === 0 || isLoopback(bareAddress(address))) return undefined;
    const waitMs = this.#requests.take(clientOf(address), nowMs);
    if (waitMs === 0) return undefined;
    return tooMany(waitMs, 'there were too many requests from this address').refusal;
  }

  /**
   * Counts a wrong key against its beginning and its address, and against the address.
   *
   * @returns A refusal if it is one too many.
   */
  #countFailure(address: string, text: string, nowMs: number): Refusal | undefined {
    const client = clientOf(address);
    const prefix = text.slice(0, FAILED_KEY_PREFIX_CHARACTERS);
    const waitMs = Math.max(
      this.#failures.take(`${client} ${prefix}`, nowMs),
      this.#failedClients.take(client, nowMs),
    );
    return waitMs > 0 ? tooMany(waitMs, TOO_MANY_WRONG).refusal : undefined;
  }

  /**
   * Whether these are the credentials of a client (RFC 6749 §2.3.1): the name of a key, and that key. Wrong ones count
   * as wrong keys do.
   *
   * @param address Address of the client.
   */
  knows(address: string, name: string, text: string): true | Refusal {
    if (this.#key(text)?.name === name) return true;
    const detail = 'client_id must be the name of a key and client_secret that key';
    const refusal: Refusal = { status: 401, error: 'invalid_client', detail };
    return this.#countFailure(address, text, this.#ports.clock.nowMs()) ?? refusal;
  }

  #key(text: string): Key | undefined {
    return text.length > KEY_CHARACTERS_MAX ? undefined : this.#ports.apiKey(text);
  }

  #admitWithoutKey({ need }: RouteAccess): AccessOutcome {
    if (this.#isOpen(need)) return { caller: ANYBODY };
    const detail = `this needs a key that may ${action(need)}: Authorization: Bearer KEY, or X-Api-Key: KEY`;
    return { refusal: { status: 401, error: 'missing_token', detail } };
  }

  #admitRole({ role, name }: Key, need: Need): AccessOutcome {
    if (this.#isOpen(need) || ALLOWED[need].includes(role)) {
      return { caller: { role, name } };
    }
    const detail = `this key is for ${role} and may not ${action(need)}; ${ALLOWED[need].join(' or ')} would`;
    return { refusal: { status: 403, error: 'insufficient_permissions', detail } };
  }

  #isOpen(need: Need): boolean {
    return need === 'nothing' || (need === 'read' && !this.#options.keyRequired);
  }
}

/** Whether a caller may see raw messages and credentials. */
export function maySeeSecrets(caller: Caller): boolean {
  return caller.role !== undefined && ALLOWED.secrets.includes(caller.role);
}

function action(need: Need): string {
  if (need === 'decide') return 'decide what may be listed, and whom to trust';
  return need === 'write' ? 'deliver events' : 'read';
}

function tooMany(waitMs: number, detail: string): { readonly refusal: Refusal } {
  const retryAfter = Math.ceil(waitMs / 1000);
  return { refusal: { status: 429, error: 'too_many', detail, retryAfter } };
}

/**
 * All that may be the key; an empty text counts as none. A proxy that signs its users in may add a Bearer token of its
 * own to a request with our key or cookie.
 */
function keysOf(request: FastifyRequest, access: RouteAccess): readonly string[] {
  const { authorization = '', 'x-api-key': header } = request.headers;
  const isBearer = authorization.slice(0, 7).toLowerCase() === 'bearer ';
  const { key = '' } = request.params as Readonly<Record<string, string>>;
  return [
    isBearer ? authorization.slice(7).trim() : '',
    typeof header === 'string' ? header : '',
    access.keyInPath === true ? key : '',
  ].filter((text) => text !== '');
}

function clientOf(ip: string): string {
  return sourceKey(bareAddress(ip));
}
