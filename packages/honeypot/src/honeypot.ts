// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { CollectedMethod, Grade } from '@sentrypeer/event';
import type { Clock, Random } from '@sentrypeer/kernel';
import { parseMessage, type SipMessage } from '@sentrypeer/sip';
import { Accounts } from './accounts.ts';
import { Authenticator } from './authenticator.ts';
import { CallPolicy } from './call-policy.ts';
import { CallTaker } from './call-taker.ts';
import { Calls } from './calls.ts';
import { Composer, sizesFit } from './composer.ts';
import { KeyedHash, latin1Octets } from '@sentrypeer/bytes';
import { KEPT_ANSWER_OCTETS_MAX, RING_MS_MAX, RING_MS_MIN } from './limits.ts';
import { Nonces } from './nonces.ts';
import { isDirect } from './direct.ts';
import { type Finding, MessageObservation, observeRefused } from './observe.ts';
import type { Persona } from './persona.ts';
import { isAnswerable } from './protocol-checks.ts';
import type { DelayedReply, Reaction, Received } from './received.ts';
import { Registrar } from './registrar.ts';
import type { Answer, Request } from './request.ts';
import { Responder } from './responder.ts';
import { type KeptAnswer, Retransmissions } from './retransmissions.ts';
import { Sources } from './sources.ts';
import { ToTags } from './to-tags.ts';
import { wear, type WornPersona } from './worn-persona.ts';

export interface HoneypotOptions {
  /** Passive mode never sends an octet. */
  readonly mode: CollectedMethod;
  readonly persona: Persona;
  /** 32 octets each: always the same on one node and in all its threads, and known to nobody else. */
  readonly secrets: {
    readonly tag: Uint8Array;
    readonly nonce: Uint8Array;
    readonly policy: Uint8Array;
  };
}

export interface HoneypotPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** The password of this account was found; the other threads need to know (`win`). */
  readonly onWon?: (account: string) => void;
}

/** The immediate answer to a request, and what it says about the request. */
interface Outcome {
  readonly replies: readonly Uint8Array[];
  readonly registered: boolean;
}

const NOTHING: readonly Uint8Array[] = [];
const NO_ANOMALIES: readonly string[] = [];
const SILENCE: Outcome = { replies: NOTHING, registered: false };

/** Methods whose answers never depend on the time or on earlier messages. */
const STATELESS_METHODS: ReadonlySet<string> = new Set([
  'OPTIONS',
  'BYE',
  'CANCEL',
  'INFO',
  'UPDATE',
]);

const PONG = latin1Octets('\r\n');

/**
 * The honeypot's judgement: octets in, observation and replies out. Never throws, whatever the octets. Each
 * thread has its own; what must agree between them (accounts, tags, nonces) is computed from the secrets, and
 * what is remembered may be lost at any time.
 *
 * @typeParam Path The socket or connection, handed back with delayed replies.
 */
export class Honeypot<Path> {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #mode: CollectedMethod;
  readonly #worn: WornPersona;
  readonly #nonces: Nonces;
  readonly #toTags: ToTags;
  readonly #sources = new Sources();
  readonly #retransmissions = new Retransmissions();
  readonly #calls = new Calls<Path>();
  readonly #composer: Composer;
  readonly #authenticator: Authenticator;
  readonly #responder: Responder<Path>;
  /** Room for the random part of a ringing time. */
  readonly #ringOctets = new Uint8Array(2);

  constructor(ports: HoneypotPorts, options: HoneypotOptions) {
    const { mode, persona, secrets } = options;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#mode = mode;
    const hash = new KeyedHash(secrets.policy);
    const worn = wear(persona, hash);
    this.#worn = worn;
    this.#nonces = new Nonces(secrets.nonce, persona.challenge.nonce);
    this.#toTags = new ToTags(secrets.tag, persona.tagShape);
    this.#composer = new Composer(worn, this.#toTags);
    const accounts = new Accounts(hash);
    const shared = { accounts, sources: this.#sources, worn };
    const onWon = ports.onWon ?? ((): void => undefined);
    const authenticator = new Authenticator({ ...shared, nonces: this.#nonces, onWon });
    this.#authenticator = authenticator;
    const policy = new CallPolicy(hash);
    this.#responder = new Responder({
      ...shared,
      authenticator,
      registrar: new Registrar(accounts, authenticator, worn),
      callTaker: new CallTaker({ ...shared, authenticator, policy, hash }),
      calls: this.#calls,
    });
  }

  /** What a keep-alive on a connection, two line ends (RFC 5626 §4.4.1), is answered with; `undefined`: nothing. */
  get pong(): Uint8Array | undefined {
    const isAnswered = this.#mode === 'responsive' && this.#worn.persona.connections.answersPing;
    return isAnswered ? PONG : undefined;
  }

  /** How a connection ends on which something other than SIP came. */
  get #closing(): true | 'at-once' {
    const isAtOnce = this.#mode === 'responsive' && this.#worn.persona.connections.endsAtOnce;
    return isAtOnce ? 'at-once' : true;
  }

  /** Judges one message. The observation borrows the octets of the input. */
  receive(input: Received<Path>): Reaction {
    const isStream = input.transport !== 'UDP';
    const unread: Finding = {
      collectedMethod: this.#mode,
      grade: isStream && input.isFromPage !== true ? 'handshake' : 'seen',
      anomalies: NO_ANOMALIES,
      registered: false,
    };
    if (input.notSip !== undefined) {
      const observation = observeRefused(input, input.notSip, unread);
      return { observation, replies: NOTHING, close: isStream && this.#closing };
    }
    const message = parseMessage(input.octets);
    const isAnswered = this.#mode === 'responsive' && input.isUnfinished !== true;
    if (!isAnswered || message.kind !== 'request') {
      const close = isStream && message.kind === 'not-sip' && this.#closing;
      return {
        observation: new MessageObservation(input, message, unread),
        replies: NOTHING,
        close,
      };
    }
    const isWithheld = input.isUnanswered === true && isDispensable(message);
    if (isWithheld && message.toTag === undefined) return this.#withhold(input, message, unread);
    const request = this.#examine(input, message);
    const { replies, registered } = isWithheld ? SILENCE : this.#answer(request);
    const grade: Grade = request.proved && !isStream ? 'returned' : unread.grade;
    const finding = { ...unread, grade, anomalies: anomaliesOf(request, this.#worn), registered };
    const observation = new MessageObservation(input, message, finding);
    return { observation, replies, isWithheld, close: false };
  }

  /** For messages that neither get an answer nor contain a proof. */
  #withhold(input: Received<Path>, message: SipMessage, unread: Finding): Reaction {
    const { sourceIp, sourcePort, transport } = input;
    const isProved =
      transport === 'UDP' && this.#sources.isProved(sourceIp, sourcePort, this.#clock.nowMs());
    const finding: Finding = isProved ? { ...unread, grade: 'returned' } : unread;
    const observation = new MessageObservation(input, message, finding);
    return { observation, replies: NOTHING, isWithheld: true, close: false };
  }

  /** The password of this account was found in another thread, so this thread accepts it as well. */
  win(account: string): void {
    this.#authenticator.win(account, this.#clock.nowMs());
  }

  /** Monotonic time at which `takeDue` may have something, or `undefined`. */
  nextDueMs(): number | undefined {
    return this.#calls.nextDueMs;
  }

  /** Replies whose time has come; only to sources that proved themselves. */
  takeDue(nowMs: number): readonly DelayedReply<Path>[] {
    return this.#calls.takeDue(nowMs);
  }

  /** Looks for proof: a nonce or tag of ours that comes back. The message that carries it counts as proved. */
  #examine(input: Received<Path>, message: SipMessage): Request<Path> {
    const nowMs = this.#clock.nowMs();
    const epochMs = input.epochUs / 1000;
    const { sourceIp, sourcePort, transport } = input;
    const callId = message.callId ?? '';
    const subject = { callId, fromTag: message.from?.tag ?? '', sourceIp, transport };
    const { credentials } = message;
    const { realm } = this.#worn;
    const nonce =
      credentials?.isDigest === true
        ? this.#nonces.check(credentials.nonce ?? '', { sourceIp, transport, realm }, epochMs)
        : undefined;
    const toTag = message.toTag;
    const tagGiving =
      toTag === undefined ? undefined : this.#toTags.givingOf(toTag, subject, epochMs);
    const isStream = transport !== 'UDP';
    const giving = isDirect(message) ? 'direct' : 'relayed';
    const isProof =
      tagGiving === 'direct' || (nonce?.state === 'fresh' && nonce.giving === 'direct');
    if (!isStream && isProof && giving === 'direct') {
      this.#sources.prove(sourceIp, sourcePort, nowMs);
    }
    const proved = isStream || this.#sources.isProved(sourceIp, sourcePort, nowMs);
    return {
      ...subject,
      input,
      message,
      nowMs,
      epochMs,
      credentials,
      nonce: nonce?.state,
      toTag,
      inDialog: tagGiving !== undefined,
      giving,
      proved,
    };
  }

  #answer(request: Request<Path>): Outcome {
    const { message, nowMs, proved } = request;
    if (message.method === 'ACK') this.#calls.acknowledge(request);
    if (!isAnswerable(message)) return SILENCE;
    if (STATELESS_METHODS.has(message.method ?? '')) {
      return this.#outcome(request, this.#responder.answer(request));
    }
    const key = this.#retransmissions.keyOf(request.input);
    const earlier = this.#retransmissions.find(key, nowMs);
    if (earlier !== undefined) return repeated(request, earlier);
    const answer = this.#responder.answer(request);
    const outcome = this.#outcome(request, answer);
    const isInvite = message.method === 'INVITE';
    const last = outcome.replies.at(-1);
    const isSmall = (last?.length ?? 0) <= KEPT_ANSWER_OCTETS_MAX;
    if (isSmall && (answer.kept || isInvite)) {
      const kept = this.#retransmissions.keep(key, last, proved, nowMs);
      if (isInvite) this.#remember(request, answer, kept);
    }
    return outcome;
  }

  #outcome(request: Request<Path>, answer: Answer): Outcome {
    const replies = this.#composer.compose(request, answer.alternatives);
    const { behind, registered = false } = answer;
    if (behind === undefined) return { replies, registered };
    const all = [...replies, behind];
    const isFit = sizesFit(
      request,
      all.map(({ length }) => length),
    );
    return { replies: isFit ? all : replies, registered };
  }

  /** Keeps the transaction of an INVITE: a CANCEL or ACK may come, and proved sources get further answers. */
  #remember(request: Request<Path>, answer: Answer, kept: KeptAnswer): void {
    if (kept.octets === undefined) return;
    if (answer.ringing !== undefined) {
      const [answered] = this.#composer.compose(request, answer.ringing.answered);
      const [cancelled] = this.#composer.compose(request, answer.ringing.cancelled);
      if (answered === undefined || cancelled === undefined) return;
      const dueAtMs = request.nowMs + this.#ringMs();
      this.#calls.ringing(request, kept, { answered, cancelled }, dueAtMs);
      return;
    }
    const status = lastStatusOf(answer);
    const isChallenge = status === 401 || status === 407;
    const mayRepeat = !isChallenge || this.#worn.persona.challenge.repeated;
    // RFC 3261 §17.2.1 and §13.3.1.4: on streams only a 2xx is repeated.
    const isReliable = request.input.transport !== 'UDP';
    const isRepeated = request.proved && mayRepeat && (!isReliable || status === 200);
    this.#calls.settled(request, kept, isRepeated ? kept.octets : undefined);
  }

  #ringMs(): number {
    this.#random.fill(this.#ringOctets);
    const [high = 0, low = 0] = this.#ringOctets;
    return RING_MS_MIN + ((high * 256 + low) / 65_536) * (RING_MS_MAX - RING_MS_MIN);
  }
}

/**
 * Whether leaving a request unanswered changes nothing. Password guesses count all the same, and requests that end a
 * call end it.
 */
function isDispensable(message: SipMessage): boolean {
  const { method } = message;
  if (method === 'CANCEL' || method === 'BYE' || !isAnswerable(message)) return false;
  return message.credentials === undefined;
}

function lastStatusOf(answer: Answer): number | undefined {
  return answer.alternatives[0]?.at(-1)?.status;
}

/** RFC 3261 §17.2.1: a retransmission gets the last answer again. */
function repeated(request: Request<unknown>, earlier: KeptAnswer): Outcome {
  const { octets } = earlier;
  const isSent = octets !== undefined && sizesFit(request, [octets.length]);
  return { replies: isSent ? [octets] : NOTHING, registered: false };
}

function anomaliesOf(request: Request<unknown>, worn: WornPersona): readonly string[] {
  if (request.nonce === undefined && request.toTag === undefined) return NO_ANOMALIES;
  const codes: string[] = [];
  if (request.nonce === 'foreign') codes.push('nonce_foreign');
  if (request.nonce === 'stale') codes.push('nonce_stale');
  const isForeign = request.toTag !== undefined && !request.inDialog;
  if (isForeign && !isBranchTag(request, worn)) codes.push('to_tag_foreign');
  return codes;
}

/** RFC 3261 §17.1.1.3: the ACK to a refusal repeats its To tag and has the branch of the INVITE. */
function isBranchTag({ message, toTag }: Request<unknown>, { persona }: WornPersona): boolean {
  return (
    persona.tagOutsideDialogs === 'branch' &&
    message.method === 'ACK' &&
    toTag === message.vias[0]?.branch
  );
}
