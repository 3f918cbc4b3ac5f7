// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Counts of what happened since the start. */
export interface Counters {
  datagramsReceived: number;
  octetsReceived: number;
  datagramsSent: number;
  octetsSent: number;
  /** Not an OpenDHT message, or one that breaks its rules. */
  refused: number;
  /** Of another network id. */
  otherNetwork: number;
  /** From an address where no node can be, or one that broke the protocol before. */
  badSource: number;
  /** Queries beyond the rate of their source, or of all. */
  rateLimited: number;
  queriesAnswered: number;
  /** Requests held until their address answers our ping, and requests answered after that. */
  questionsHeld: number;
  questionsReleased: number;
  /**
   * Messages not sent to an address that has not shown that it receives our datagrams: too large, or beyond its budget.
   */
  unprovedWithheld: number;
  /** Answers sent without values because the budget of their source, or of all sources, was used up. */
  answersWithheld: number;
  /** Queries refused for their token. */
  tokensRefused: number;
  requestsSent: number;
  retransmissions: number;
  requestsExpired: number;
  repliesMatched: number;
  /** Replies that fit no request by node id, transaction id and address: late, repeated or forged. */
  repliesUnmatched: number;
  /** Parts that belong to no message, or break a limit. */
  partsDropped: number;
  /** Messages in parts that were never completed. */
  sessionsDropped: number;
  /** Datagrams of a burst dropped because too many were waiting. */
  pacedDropped: number;
  valuesStored: number;
  valuesRefreshed: number;
  valuesExpired: number;
  valuesEvicted: number;
  /**
   * Values that others put here and that were not stored: too large, too far, expired, not signed by their owner, key
   * full.
   */
  valuesRefused: number;
  subscriptionsRefused: number;
  /** Updates not sent because too many wait for an answer. */
  pushesDropped: number;
  /** Values received whose signature is wrong. */
  signaturesRefused: number;
  /** Events of a listen dropped because nobody read them. */
  listenEventsDropped: number;
}

export function newCounters(): Counters {
  return {
    datagramsReceived: 0,
    octetsReceived: 0,
    datagramsSent: 0,
    octetsSent: 0,
    refused: 0,
    otherNetwork: 0,
    badSource: 0,
    rateLimited: 0,
    queriesAnswered: 0,
    questionsHeld: 0,
    questionsReleased: 0,
    unprovedWithheld: 0,
    answersWithheld: 0,
    tokensRefused: 0,
    requestsSent: 0,
    retransmissions: 0,
    requestsExpired: 0,
    repliesMatched: 0,
    repliesUnmatched: 0,
    partsDropped: 0,
    sessionsDropped: 0,
    pacedDropped: 0,
    valuesStored: 0,
    valuesRefreshed: 0,
    valuesExpired: 0,
    valuesEvicted: 0,
    valuesRefused: 0,
    subscriptionsRefused: 0,
    pushesDropped: 0,
    signaturesRefused: 0,
    listenEventsDropped: 0,
  };
}
