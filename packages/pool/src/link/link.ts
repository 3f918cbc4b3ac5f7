// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket } from '@sentrypeer/kernel';
import {
  BROKEN_PROMISES_MAX,
  FOLLOWED_MAX,
  HAVES_BURST,
  HAVES_PER_SECOND,
  HELLO_MS_MAX,
  LINK_KNOWN_MIN,
  LINK_UNREAD_OCTETS_MAX,
  LINK_UNSENT_OCTETS_MAX,
  PRUNE_MS,
  SEGMENT_OCTETS,
  SUMMARY_ANSWER_MS_MIN,
} from '../limits.ts';
import { RecentSet } from '../recent-set.ts';
import { hintOf } from './admission.ts';
import { Announcing } from './announcing.ts';
import { budgetKey } from './budgets.ts';
import {
  encodeFrame,
  Feature,
  FIRST_ID,
  Framer,
  FrameType,
  HEAD_SIZE,
  HINT_SIZE,
  ID_SIZE,
  idFrames,
  pageFrames,
  readIds,
  readPages,
  SUMMARY_SIZE,
  type Frame,
} from './frames.ts';
import { helloFrame, readHello } from './hello.ts';
import type { Announced, LinkParts, LinkPeer, Wire } from './link-parts.ts';
import { ANSWER_PAGES_MAX, BYE_OCTETS_MAX, SUMMARY_ANSWERS_BURST } from './limits.ts';
import type { IndexedPage } from './page-index.ts';
import { Proving } from './proving.ts';
import { PushBudget } from './push-budget.ts';
import { Serving } from './serving.ts';

const FEATURES = Feature.named | Feature.parts;
const NAMED_SIZE = ID_SIZE + HINT_SIZE;
const ASKED_TOO_MUCH = 'it asks for too much';
const TOO_MUCH = 'it sends too much that is of no use';
const KEY_SIZE = 32;

/** One end of a link: what it was told, and what it may be told. Whatever it receives, it never throws. */
export class Link {
  readonly peer: LinkPeer;
  /** The budget that its octets count against. */
  readonly budget: string;
  readonly #wire: Wire;
  readonly #parts: LinkParts;
  readonly #framer = new Framer();
  /** Ids that the other end has. */
  readonly #known = new RecentSet(LINK_KNOWN_MIN);
  readonly #openedAtMs: number;
  readonly #haveRate: TokenBucket;
  readonly #announcing: Announcing;
  readonly #serving: Serving;
  #followers: ReadonlySet<string> = new Set();
  readonly #answerRate: TokenBucket;
  #followedAtMs = Number.NEGATIVE_INFINITY;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  /** Of the other end. */
  #features = 0;
  /** Whether new pages go at once, or are announced. */
  #isEager: boolean;
  #promisesBroken = 0;
  readonly #pushes: PushBudget;
  readonly #proving: Proving;
  /** Spent for segments since the last whole frame. */
  #segmentOctets = 0;
  #isReady = false;
  #isClosed = false;

  constructor(peer: LinkPeer, wire: Wire, parts: LinkParts) {
    this.peer = peer;
    this.budget = budgetKey(peer.address);
    this.#wire = wire;
    this.#parts = parts;
    this.#isEager = parts.isEager;
    this.#openedAtMs = parts.clock.nowMs();
    const rate = { burst: HAVES_BURST, perSecond: HAVES_PER_SECOND };
    this.#haveRate = new TokenBucket(rate, this.#openedAtMs);
    const answers = { burst: SUMMARY_ANSWERS_BURST, perSecond: 1000 / SUMMARY_ANSWER_MS_MIN };
    this.#answerRate = new TokenBucket(answers, this.#openedAtMs);
    this.#announcing = new Announcing(this.#openedAtMs);
    this.#serving = new Serving(parts);
    this.#pushes = new PushBudget(parts.clock);
    this.#proving = new Proving({
      proof: parts.liarProof,
      known: this.#known,
      pushes: this.#pushes,
      send: (pages) => this.#sendPages(pages),
    });
  }

  /** Whether the other end said a valid hello. */
  get isReady(): boolean {
    return this.#isReady && !this.#isClosed;
  }

  /** The same, also after the link has ended. */
  get wasReady(): boolean {
    return this.#isReady;
  }

  /** Says hello. */
  open(): void {
    this.#send(helloFrame(this.#parts.networkId, this.#parts.proof, FEATURES));
  }

  receive(octets: Uint8Array): void {
    if (this.#isClosed) return;
    const frames = this.#framer.push(octets);
    if (frames === undefined) return this.close('a frame was too large');
    if (!this.#parts.spend(SEGMENT_OCTETS)) return this.#tooMuch();
    this.#segmentOctets += SEGMENT_OCTETS;
    for (const frame of frames) {
      if (this.#isClosed) return;
      // Whether pages are useful is known only after looking at them.
      const isIdle = frame.type !== FrameType.pages;
      if (isIdle && !this.#parts.spend(HEAD_SIZE + frame.body.length)) return this.#tooMuch();
      const wrong = this.#isReady ? this.#handle(frame) : this.#hello(frame);
      this.#segmentOctets = 0;
      if (wrong === undefined) continue;
      this.#parts.onWrong(wrong, this.#isReady);
      return this.close(wrong);
    }
  }

  /** Whether the other end names authors when it cannot expect everything to be accepted. */
  get isNaming(): boolean {
    return (this.#features & Feature.named) !== 0;
  }

  /** The connection has room again. */
  drained(): void {
    this.#serve();
  }

  /** The connection ended. */
  ended(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.onClosed();
  }

  /** Tells why, and ends it. */
  close(why: string): void {
    if (this.#isClosed) return;
    this.#wire.send(encodeFrame(FrameType.bye, new TextEncoder().encode(why)));
    this.#wire.close();
    this.ended();
  }

  /** Sends new pages at once, or announces them. @param octets Of those that may be sent. */
  tell(pages: readonly IndexedPage[], octets: ReadonlyMap<IndexedPage, Uint8Array>): void {
    if (!this.isReady) return;
    const isSlow = this.#wire.unsentOctets > LINK_UNSENT_OCTETS_MAX;
    const sent: Uint8Array[] = [];
    for (const page of pages) {
      if (this.#known.has(page.id)) continue;
      if (page.isQuiet && !this.#followers.has(page.key)) continue;
      const found = octets.get(page);
      const isPushed =
        this.#isEager && !isSlow && found !== undefined && this.#pushes.take(2 + found.length);
      if (!isPushed) this.#announcing.add(page);
      else {
        this.#known.add(page.id);
        sent.push(found);
      }
    }
    if (sent.length > 0) this.#pushes.take(HEAD_SIZE + SEGMENT_OCTETS);
    this.#sendPages(sent);
  }

  /** Sends the two pages that prove that an author lies, as far as the other end may lack them; later if it must be. */
  prove(key: string, isHeard: boolean): void {
    this.#proving.add(key, isHeard);
    if (this.isReady) this.#proving.send();
  }

  /** The other end has this page. */
  knows(id: string): void {
    this.#known.add(id);
  }

  want(ids: readonly string[]): void {
    this.#isEager = true; // It was more useful than the others.
    for (const frame of idFrames(FrameType.want, ids)) this.#send(frame);
  }

  /** Asks for the quiet pages of these keys. */
  follow(keys: ReadonlySet<string>): void {
    if (keys.size === 0) return;
    this.#send(encodeFrame(FrameType.follow, Uint8Array.fromHex([...keys].join(''))));
  }

  /** Whether the other end answers summaries in parts. */
  get answersInParts(): boolean {
    return (this.#features & Feature.parts) !== 0;
  }

  /** Says what this node has, so that the other end tells what is missing. @param after The id after which to start. */
  compare(after = FIRST_ID): void {
    const summary = this.#parts.index.summary();
    const from = this.answersInParts ? Uint8Array.fromHex(after) : new Uint8Array();
    this.#send(encodeFrame(FrameType.summary, summary, from));
  }

  /** A page came that was here already, or is too much. */
  prune(): void {
    const nowMs = this.#parts.clock.nowMs();
    if (this.#isClosed || nowMs - this.#prunedAtMs < PRUNE_MS) return;
    this.#prunedAtMs = nowMs;
    this.#send(encodeFrame(FrameType.prune));
  }

  /** What it announced did not come. @returns Whether that was once too often. */
  brokePromise(): boolean {
    this.#promisesBroken += 1;
    return this.#promisesBroken >= BROKEN_PROMISES_MAX;
  }

  step(nowMs: number): void {
    if (!this.#isReady) {
      if (nowMs - this.#openedAtMs > HELLO_MS_MAX) this.close('no hello came');
      return;
    }
    const due = this.#announcing.due((id) => this.#known.has(id), nowMs);
    for (const frame of this.#announcements(due?.pages ?? [])) this.#send(frame);
    if (due?.hasMore && this.answersInParts) this.#sendMore(FIRST_ID);
    this.#proving.send();
  }

  /** There is more after this id than was announced. */
  #sendMore(after: string): void {
    this.#send(encodeFrame(FrameType.more, Uint8Array.fromHex(after)));
  }

  #announcements(
    pages: readonly IndexedPage[],
    isNaming = this.#parts.isNaming(),
  ): readonly Uint8Array[] {
    if (this.isNaming && isNaming) {
      const named = pages.map(({ id, key }) => id + hintOf(key));
      return idFrames(FrameType.named, named, NAMED_SIZE);
    }
    return idFrames(
      FrameType.have,
      pages.map(({ id }) => id),
    );
  }

  /** Announces what the other end lacks, according to its summary. */
  #answerWith(pages: readonly IndexedPage[], isNaming?: boolean): void {
    for (const frame of this.#announcements(pages, isNaming)) {
      if (!this.#parts.serve(frame.length)) return this.close(ASKED_TOO_MUCH);
      this.#send(frame);
    }
  }

  #tooMuch(): void {
    this.#parts.onMisbehaved(TOO_MUCH, 'in_vain');
    this.close(TOO_MUCH);
  }

  /** @returns What is wrong with it; `undefined` if nothing. */
  #hello(frame: Frame): string | undefined {
    const { networkId, expected, onReady } = this.#parts;
    const hello = readHello(frame, networkId, expected);
    if (typeof hello === 'string') return hello;
    this.#features = hello.features;
    this.#isReady = true;
    onReady();
    return undefined;
  }

  /** @returns What is wrong with it; `undefined` if nothing. */
  #handle({ type, body }: Frame): string | undefined {
    switch (type) {
      case FrameType.pages: {
        const pages = readPages(body);
        if (pages === undefined) return 'pages are cut';
        this.#promisesBroken = 0;
        this.#parts.onPages(pages, this.#segmentOctets);
        return undefined;
      }
      case FrameType.have:
        return this.#announced(readIds(body)?.map((id) => ({ id, hint: undefined })));
      case FrameType.named: {
        const idSize = 2 * ID_SIZE;
        const named = readIds(body, NAMED_SIZE);
        return this.#announced(
          named?.map((text) => ({ id: text.slice(0, idSize), hint: text.slice(idSize) })),
        );
      }
      case FrameType.want: {
        const ids = readIds(body);
        if (ids === undefined) return 'ids are cut';
        this.#isEager = true;
        this.#announcing.wereWanted(ids.length);
        this.#serving.asked(ids, body.length);
        // All of it may be gone since it was announced; without an answer this would look like a broken promise.
        if (!ids.some((id) => this.#parts.index.has(id))) this.#send(encodeFrame(FrameType.pages));
        this.#serve();
        return undefined;
      }
      case FrameType.summary:
        return this.#answer(body);
      case FrameType.more:
        if (body.length !== ID_SIZE) return 'an id has another size';
        this.#parts.onMore(body.toHex());
        return undefined;
      case FrameType.prune:
        this.#isEager = false;
        this.#pushes.wereInVain();
        return undefined;
      case FrameType.follow:
        return this.#followed(body);
      case FrameType.bye:
        this.#parts.onBye(new TextDecoder().decode(body.subarray(0, BYE_OCTETS_MAX)));
        this.#wire.close();
        this.ended();
        return undefined;
      default:
        return undefined; // Of a later version.
    }
  }

  /** @returns What is wrong with it; `undefined` if nothing. */
  #announced(pages: readonly Announced[] | undefined): string | undefined {
    if (pages === undefined) return 'ids are cut';
    if (!this.#haveRate.take(1, this.#parts.clock.nowMs())) return 'announcements come too often';
    for (const { id } of pages) this.#known.add(id);
    this.#parts.onHave(pages);
    return undefined;
  }

  #answer(body: Uint8Array): string | undefined {
    const isInParts = body.length === SUMMARY_SIZE + ID_SIZE;
    if (body.length !== SUMMARY_SIZE && !isInParts) return 'a summary has another size';
    if (!this.#answerRate.take(1, this.#parts.clock.nowMs())) return undefined;
    const after = isInParts ? body.subarray(SUMMARY_SIZE).toHex() : FIRST_ID;
    const pages = this.#parts.index.differing(body, after);
    // In parts authors are named: the other end may be flooded even if this one is not.
    if (isInParts) this.#answerWith(pages.slice(0, ANSWER_PAGES_MAX), true);
    else this.#answerWith(pages);
    const last = pages.length > ANSWER_PAGES_MAX ? pages[ANSWER_PAGES_MAX - 1] : undefined;
    if (isInParts && last) this.#sendMore(last.id);
    return undefined;
  }

  #followed(body: Uint8Array): string | undefined {
    const keys = readIds(body, KEY_SIZE);
    if (keys === undefined || keys.length > FOLLOWED_MAX) return 'keys are cut or too many';
    this.#followers = new Set(keys);
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs - this.#followedAtMs < SUMMARY_ANSWER_MS_MIN) return undefined;
    this.#followedAtMs = nowMs;
    const pages = [...this.#parts.index.pages()];
    this.#answerWith(pages.filter(({ isQuiet, key }) => isQuiet && this.#followers.has(key)));
    return undefined;
  }

  #serve(): void {
    if (this.#isClosed) return;
    const isServed = this.#serving.serve(this.#wire, (ids, pages) => {
      for (const id of ids) this.#known.add(id);
      this.#sendPages(pages);
    });
    if (!isServed) this.close(ASKED_TOO_MUCH);
  }

  /** Output is limited for an end that does not read. */
  #send(octets: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#wire.unsentOctets > LINK_UNREAD_OCTETS_MAX) this.close('what is sent is not read');
    else this.#wire.send(octets);
  }

  #sendPages(pages: readonly Uint8Array[]): void {
    if (pages.length === 0) return;
    for (const frame of pageFrames(pages)) this.#send(frame);
    this.#parts.onSent(pages.length);
  }
}
