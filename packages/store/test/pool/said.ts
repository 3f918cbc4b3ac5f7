// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { packFacts, type ClaimFacts } from '@sentrypeer/event';
import { standingRank, type Standing } from '../../src/pool/pool-page.ts';
import { NOON_US } from '../fixtures.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

export const FACTS: ClaimFacts = {
  grade: 'handshake',
  contactsLog2: 3,
  daysCount: 2,
  triedPasswords: true,
  madeCostlyCalls: false,
  usedTool: true,
  breadthLog2: 1,
};

/** Authors and what they say, row by row. */
export class SaidTables extends JudgedTables {
  /** @returns Its id. */
  author(nodeId: string, standing: Standing = 'stranger', pages = 1): number {
    this.database
      .prepare(
        `INSERT INTO pool_author (node_id, public_key, state, standing, serial, floor, pages, claims, first_seen_us,
          last_seen_us) VALUES (?, x'00', 'alive', ?, 1, 1, ?, 1, 1, 1)`,
      )
      .run(nodeId, standingRank(standing), pages);
    return Number(this.rows('SELECT max(author_id) FROM pool_author')[0]);
  }

  /** @param facts Its bits. */
  claim(authorId: number, subject: string, serial = 1, facts: number = packFacts(FACTS)): void {
    this.database
      .prepare(
        `INSERT INTO pool_claim (subject, author_id, serial, last_hour, end_s, facts) VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(subject, authorId, serial, 100 + serial, 9000 + serial, facts);
  }

  page(authorId: number, serial: number, standing: Standing = 'stranger', toldAddress = ''): void {
    this.database
      .prepare(
        `INSERT INTO pool_page (author_id, serial, replaces, made_s, end_s, claims, standing, octets, told_address)
          VALUES (?, ?, 0, 1, 9, 1, ?, x'00', ?)`,
      )
      .run(authorId, serial, standingRank(standing), toldAddress);
  }

  origin(nodeId: string, { isVoter = false, name = '', trust = 'unknown' } = {}): void {
    this.database
      .prepare(
        `INSERT INTO origin (node_id, trust, address, first_seen_us, last_seen_us, events, name, is_voter)
          VALUES (?, ?, '', 1, 1, 0, ?, ?)`,
      )
      .run(nodeId, trust, name, Number(isVoter));
  }

  network(nodeId: string, network: string, provedUs = NOON_US, isOut = false): void {
    this.database
      .prepare('INSERT INTO pool_network (node_id, network, proved_us, is_out) VALUES (?, ?, ?, ?)')
      .run(nodeId, network, provedUs, Number(isOut));
  }
}
