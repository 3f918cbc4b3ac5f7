// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Origin, Peers } from '@sentrypeer/store';
import { quoted, refusal } from '../config/refusal.ts';
import type { Answer, Command, CommandContext, Work } from './command.ts';
import { formatTable, utc } from './text.ts';
import { refuseMore } from './words.ts';

const LIST: Command = {
  name: 'peers list',
  form: '',
  doc: 'Print other nodes that shared events (`--peer-to-peer`).',
  prepare: ({ words }) => {
    refuseMore(words, 'peers list');
    return async (context) => {
      using peers = await openPeers(context);
      const origins = peers.list();
      return {
        text: origins.length === 0 ? '' : formatTable([HEADINGS, ...origins.map(rowOf)]),
        json: origins.map(jsonOf),
        ...(origins.length === 0 ? { remark: 'No node has shared anything yet.\n' } : {}),
      };
    };
  },
};

const TRUST: Command = {
  name: 'peers trust',
  form: 'NODE',
  doc: 'Trust this node: accept more events from it than from strangers.',
  prepare: ({ words }) =>
    judging('trust', words, (peers, node) => {
      peers.setTrust(node, 'trusted');
      return {
        text: `${node} is trusted: more events are accepted from it than from strangers.\n`,
        json: { node, trust: 'trusted' },
      };
    }),
};

const DISTRUST: Command = {
  name: 'peers distrust',
  form: 'NODE',
  doc: 'Withdraw everything that only this node said, and accept nothing more from it; `unsigned` stands for all nodes that sign nothing.',
  prepare: ({ words }) =>
    judging('distrust', words, (peers, node) => {
      const count = peers.setTrust(node, 'distrusted');
      return {
        text: `${node} is distrusted: ${count} of its events were withdrawn, and no more are accepted.\n`,
        json: { node, trust: 'distrusted', withdrawn_events: count },
      };
    }),
};

const FORGET: Command = {
  name: 'peers forget',
  form: 'NODE',
  doc: 'Neither trust nor distrust this node any more.',
  prepare: ({ words }) =>
    judging('forget', words, (peers, node) => {
      peers.forget(node);
      return {
        text: `${node} is neither trusted nor distrusted any more.\n`,
        json: { node, trust: 'none' },
      };
    }),
};

export const PEERS: readonly Command[] = [LIST, TRUST, DISTRUST, FORGET];

const HEADINGS = ['NODE', 'EVENTS', 'FIRST SEEN', 'LAST SEEN', 'TRUST', 'KEY', 'TOLD BY'];

function judging(
  action: 'trust' | 'distrust' | 'forget',
  [node, ...more]: readonly string[],
  judge: (peers: Peers, nodeId: string) => Answer,
): Work {
  const nodeId = node?.toLowerCase() ?? '';
  if (nodeId !== 'unsigned' && !isUuid(nodeId)) {
    throw refusal(
      `${quoted(node ?? '')} is not a node: write peers ${action} with the id of a node, or unsigned for all nodes that sign nothing`,
    );
  }
  refuseMore(more, `peers ${action} NODE`);
  return async (context) => {
    using peers = await openPeers(context);
    return judge(peers, nodeId);
  };
}

async function openPeers({ config, clock, logger }: CommandContext): Promise<Peers> {
  const { Peers } = await import('@sentrypeer/store');
  return Peers.open({ clock, logger }, config.dbFile);
}

function isUuid(text: string): boolean {
  const parts = text.split('-').map((part) => part.length);
  return (
    parts.join(' ') === '8 4 4 4 12' &&
    Array.from(text).every((character) => '0123456789abcdef-'.includes(character))
  );
}

function rowOf(origin: Origin): readonly string[] {
  return [
    origin.nodeId,
    String(origin.seenCount),
    utc(origin.firstSeenEpochUs),
    utc(origin.lastSeenEpochUs),
    origin.trust,
    keyOf(origin) ?? 'unsigned',
    origin.address,
  ];
}

function jsonOf(origin: Origin) {
  return {
    node: origin.nodeId,
    events: origin.seenCount,
    first_seen: utc(origin.firstSeenEpochUs),
    last_seen: utc(origin.lastSeenEpochUs),
    trust: origin.trust,
    public_key: keyOf(origin) ?? null,
    told_by: origin.address,
  };
}

function keyOf({ publicKey }: Origin): string | undefined {
  return publicKey?.toBase64({ alphabet: 'base64url', omitPadding: true });
}
