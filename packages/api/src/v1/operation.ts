// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@sentrypeer/kernel';
import type { Bouncers } from '../lapi/bouncers.ts';
import type { Caller, Need } from '../access/access.ts';
import type { AgentDecisions } from '../agent-decisions.ts';
import type { Evidence, WrittenEventSearch } from '../evidence.ts';
import type { Feed } from '../feed.ts';
import type { Operations } from '../operations/routes.ts';
import type { Reputation } from '../reputation.ts';
import type { Lists } from '../lists.ts';
import type { Parameter, Parameters, Schema, Values } from '../parameters.ts';
import type { Peers } from '../peers.ts';
import type { PlaceEvidence } from '../places.ts';
import type { RateEvidence } from '../rates.ts';
import type { Scans } from '../scans.ts';
import type { Totals } from '../totals.ts';
import type { EventStreams } from './event-streams.ts';

/** What operations work with. */
export interface OperationPorts {
  readonly evidence: Evidence;
  readonly eventSearch: WrittenEventSearch;
  readonly places: PlaceEvidence;
  readonly rates: RateEvidence;
  readonly totals: Totals;
  readonly peers: Peers;
  readonly lists: Lists;
  readonly reputation: Reputation;
  readonly streams: EventStreams;
  readonly scans: Scans;
  readonly feed: Feed;
  /** Only for the feed. */
  readonly feedStreams: EventStreams;
  readonly operations: Pick<Operations, 'webhooks' | 'followers' | 'fleet'>;
  readonly bouncers: Pick<Bouncers, 'states'>;
  readonly clock: Clock;
  /** `undefined` if the SIP agent is off. */
  readonly agentDecisions?: AgentDecisions;
}

/** One request, checked. */
export interface Call<P extends Parameters> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly values: Values<P>;
  /** The value of the path's parameter, otherwise empty. */
  readonly place: string;
  readonly ports: OperationPorts;
}

/** A route under /v1: what it reads, what it answers, and the words that explain it. */
export interface Operation<P extends Parameters = Parameters> {
  /** With its parameter in braces, as OpenAPI writes it. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly need: Need;
  readonly query: P;
  /** The one parameter of the path. */
  readonly place?: { readonly name: string; readonly parameter: Parameter<string> };
  readonly mediaType: string;
  readonly schema: Schema;
  /** The meaning of status 404, if it can occur. */
  readonly notFound?: string;
  /** The same question has the same answer until the data changes. */
  readonly isConditional: (values: Values<P>) => boolean;
  /** It works in steps on its own; otherwise a paged operation is one step. */
  readonly hasSteps?: boolean;
  handle(call: Call<P>): void;
}

/** An operation as one of many, whose parameter types no longer matter. */
export function operation<P extends Parameters>(own: Operation<P>): Operation {
  return own as unknown as Operation;
}
