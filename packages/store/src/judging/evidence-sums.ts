// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isLocalAddress, judgedAs, sourceKey } from '@sentrypeer/ip';
import { NOT_FOUND, parseEventTimestamp } from '@sentrypeer/event';
import { EARLIEST_US, isPlausible } from '../clock/plausible.ts';
import { distinctBit, DistinctSet } from './distinct.ts';
import type { Row } from '../log/event-row.ts';
import { TRANSPORTS } from './evidence-reader.ts';
import { CREATED_AT } from '../file/schema.ts';
import { gradeOfText, gradeRank } from '../log/grades.ts';
import { CALLED_NUMBER_CHARACTERS_MAX } from '../limits.ts';

const DAY_US = 86_400_000_000;
const SEEN = gradeRank('seen');
/** The only method that places a call (RFC 3261 §13); an ACK, a REGISTER or an OPTIONS only names somebody. */
const CALL = 'INVITE';
/** Methods that ask whether somebody is there or end what began before, and the absence of a method. */
const HARMLESS: ReadonlySet<string> = new Set([
  '',
  NOT_FOUND,
  'OPTIONS',
  'ACK',
  'BYE',
  'CANCEL',
  'PRACK',
]);

/** Columns that `EvidenceSums.add()` reads. */
export const EVIDENCE_COLUMNS = `honey_id, event_timestamp, message_kind, ${CREATED_AT} AS created_at, source_ip, called_number, transport_type,
  method, user_agent, grade, created_by_node_id, details IS NOT NULL AND
  (instr(details, '"digest":') > 0 OR instr(details, '"uriPassword":') > 0) AS has_credentials,
  EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = honey.honey_id) AS is_hearsay`;

interface Sum {
  grade: number;
  firstUs: number;
  lastUs: number;
  eventsCount: number;
  nodeBits: number;
  readonly days: Set<number>;
}

/** Events of one address, or of all addresses of one IPv6 /64, in which it proved to be there. */
export interface AddressSum extends Sum {
  callsCount: number;
  /** The calls among these, by the digits that were dialled. */
  readonly calls: Map<string, number>;
  /** Events that asked for more than an OPTIONS does. */
  attemptsCount: number;
  /** Names and numbers they were for. */
  readonly targets: DistinctSet;
  credentialsCount: number;
  transportBits: number;
  tool: string | undefined;
}

/** Events in which the same digits were dialled. */
export interface DialledSum extends Sum {
  readonly sources: DistinctSet;
  /** Those of them in which the caller proved to be there. */
  readonly proved: Sum & { readonly sources: DistinctSet; readonly networks: DistinctSet };
}

export interface CountingOptions {
  /** The attack tool that a User-Agent names. */
  readonly toolOf: (userAgent: string) => string | undefined;
  /**
   * Whether a call from an address of one site (loopback, private, link-local) counts as proof against a number. One
   * telephone of the site has 256 of the networks in 10.0.0.0/8, and behind a NAT all callers look like one.
   */
  readonly countsLocalCallers: boolean;
}

/** What some rows of the event log say about addresses and dialled digits, summed up before it is written. */
export class EvidenceSums {
  readonly addresses = new Map<string, AddressSum>();
  readonly dialled = new Map<string, DialledSum>();
  readonly #options: CountingOptions;
  /** Wall-clock microseconds of the last row with a possible time; 0 before the first. */
  #seenUs = 0;

  constructor(options: CountingOptions) {
    this.#options = options;
  }

  /** @param nowUs Wall-clock microseconds: no event is newer, whatever the node that sent it says. */
  add(row: Row, nowUs: number): void {
    if (row['is_hearsay'] === 1) return; // Otherwise anybody who writes to the network could get anything listed.
    const grade = gradeOfText(row['grade']);
    const rank = gradeRank(grade ?? 'seen');
    const seenUs = this.#plausible(seenUsOf(row, grade === undefined), grade === undefined, nowUs);
    const nodeBit = distinctBit(textOf(row['created_by_node_id']));
    const source = textOf(row['source_ip']);
    const number = calledNumber(row);
    // Anybody can make somebody else's monitor, crawler or webhook send HTTP to our port: only SIP counts against its
    // source.
    if (rank > SEEN && row['message_kind'] !== 'not-sip') {
      const sum = this.#address(judgedAs(source));
      count(sum, rank, seenUs, nodeBit);
      if (number !== undefined) {
        sum.callsCount += 1;
        sum.calls.set(number, (sum.calls.get(number) ?? 0) + 1);
      }
      if (!HARMLESS.has(textOf(row['method']))) {
        sum.attemptsCount += 1;
        const target = targetOf(row);
        if (target !== undefined) sum.targets.add(target);
      }
      if (row['has_credentials'] === 1) sum.credentialsCount += 1;
      const place = TRANSPORTS.indexOf(row['transport_type'] as (typeof TRANSPORTS)[number]);
      if (place >= 0) sum.transportBits |= 1 << place;
      sum.tool ??= this.#options.toolOf(textOf(row['user_agent']));
    }
    if (number === undefined) return;
    const sum = this.#number(number);
    count(sum, rank, seenUs, nodeBit);
    // Addresses of one IPv6 /64 are one source.
    const origin = sourceKey(source);
    sum.sources.add(origin);
    if (rank <= SEEN || (!this.#options.countsLocalCallers && isLocalAddress(source))) return;
    count(sum.proved, rank, seenUs, nodeBit);
    sum.proved.sources.add(origin);
    sum.proved.networks.add(networkOf(source));
  }

  /** A row with an impossible time gets that of the row before: rows are in the order in which they were recorded. */
  #plausible(seenUs: number, isLegacy: boolean, nowUs: number): number {
    if (isPlausible(seenUs, nowUs)) this.#seenUs = Math.min(seenUs, nowUs);
    else if (this.#seenUs === 0) return isLegacy ? EARLIEST_US : nowUs;
    return this.#seenUs;
  }

  #address(address: string): AddressSum {
    const known = this.addresses.get(address);
    if (known !== undefined) return known;
    const counts = { callsCount: 0, credentialsCount: 0, attemptsCount: 0, transportBits: 0 };
    const sets = { calls: new Map<string, number>(), targets: new DistinctSet() };
    const added = { ...emptySum(), ...counts, ...sets, tool: undefined };
    this.addresses.set(address, added);
    return added;
  }

  #number(number: string): DialledSum {
    const known = this.dialled.get(number);
    if (known !== undefined) return known;
    const proved = { ...emptySum(), sources: new DistinctSet(), networks: new DistinctSet() };
    const added = { ...emptySum(), sources: new DistinctSet(), proved };
    this.dialled.set(number, added);
    return added;
  }
}

function emptySum(): Sum {
  return { grade: 0, firstUs: Infinity, lastUs: 0, eventsCount: 0, nodeBits: 0, days: new Set() };
}

function count(sum: Sum, rank: number, seenUs: number, nodeBit: number): void {
  sum.grade = Math.max(sum.grade, rank);
  sum.firstUs = Math.min(sum.firstUs, seenUs);
  sum.lastUs = Math.max(sum.lastUs, seenUs);
  sum.eventsCount += 1;
  sum.nodeBits = (sum.nodeBits | nodeBit) >>> 0;
  sum.days.add(Math.floor(seenUs / DAY_US));
}

/** Hexadecimal digits of the second group that are in a /28. */
const IPV6_NETWORK_DIGITS = 3;

/** What an INVITE called (docs/database.md, `called_number`). */
function calledNumber(row: Row): string | undefined {
  return row['method'] === CALL ? targetOf(row) : undefined;
}

/** The name or number that a request was for. */
function targetOf(row: Row): string | undefined {
  const number = row['called_number'];
  if (typeof number !== 'string') return undefined;
  if (number === NOT_FOUND || number === '' || number.length > CALLED_NUMBER_CHARACTERS_MAX) {
    return undefined;
  }
  return number;
}

/**
 * Networks that count as independent: an IPv4 /16, an IPv6 /28. A registry gives one provider up to an IPv6 /29 for the
 * asking (RIPE-738 §5.1.2), which contains eight /32. Somebody who rents a thousand addresses gets them from few of
 * these.
 */
function networkOf(address: string): string {
  if (!address.includes(':')) return address.split('.', 2).join('.');
  const [first = '', second = ''] = address.split(':', 2);
  return `${first}:${second.padStart(4, '0').slice(0, IPV6_NETWORK_DIGITS)}`;
}

/** SentryPeer 4.x wrote local time of an unknown zone; the time of recording is UTC in all rows. */
function seenUsOf(row: Row, isLegacy: boolean): number {
  const recorded = parseEventTimestamp(textOf(row['created_at']));
  const received = parseEventTimestamp(textOf(row['event_timestamp']));
  return (isLegacy ? (recorded ?? received) : (received ?? recorded)) ?? 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
