// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyReply, FastifyRequest } from 'fastify';
import { BODIES_OCTETS_MAX } from './limits.ts';

/** Limits the octets of all bodies that are read at a time, however many connections send one. */
export class BodyBudget {
  #reservedOctets = 0;

  /**
   * Reserves the largest size of the body, until its answer is out.
   *
   * @param octetsMax The limit of the route.
   * @returns Whether there was room.
   */
  reserve({ raw }: FastifyRequest, reply: FastifyReply, octetsMax: number): boolean {
    const length = Number(raw.headers['content-length'] ?? octetsMax);
    // Unpacked it may reach the limit once more, and its text and what is made from it cost as much again.
    const isPacked = raw.headers['content-encoding'] !== undefined;
    const octets = 2 * (isPacked ? octetsMax : Math.min(length, octetsMax));
    if (this.#reservedOctets + octets > BODIES_OCTETS_MAX) return false;
    this.#reservedOctets += octets;
    reply.raw.once('close', () => (this.#reservedOctets -= octets));
    return true;
  }
}
