// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { nodeIdOfKey } from '@sentrypeer/event';
import { parseNodeNetwork } from '@sentrypeer/ip';
import { isUnsafeCode } from '@sentrypeer/kernel';
import type { LinkPeer } from '@sentrypeer/pool/link';
import type { ListedAuthor, Origin, Peers } from '@sentrypeer/store';
import { quoted, refusal } from '../config/refusal.ts';
import { readLinks } from '../links-note.ts';
import type { Answer, Command, CommandContext, Work } from './command.ts';
import { ownStanding, remarkOn } from './own-standing.ts';
import { countOf, formatTable, utc } from './text.ts';
import { refuseMore } from './words.ts';

const LIST: Command = {
  name: 'peers list',
  form: '',
  isMeantAlone: true,
  doc: 'Print other nodes that are linked now, shared events (`--peer-to-peer`) or wrote pages of the pool. `sentrypeer peers` alone does the same. Linked nodes come first: LINK is `direct out` if this node dialled, `direct in` if the other one did, and `over others` without a link; ADDRESS and SINCE are those of the link. CLAIMS are the subjects that a node claims, MET those of them that this node met itself, DISPUTED those that you allowed or delisted, FORETOLD the addresses that it was the first to name and that came here after that, NETWORK where it was when last linked. Networks that you distrust have a line each; nodes that were met only there are marked `network distrusted`. `--by record` shows first the nodes that foretold most, were met most often and were disputed least: this helps to choose, but is no reason to trust.',
  flags: ['by'],
  examples: [
    ['peers', 'Shows who is linked now, and what each node told.'],
    ['peers list --by record', 'Shows first the nodes that were right most often.'],
  ],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'peers list');
    const order = flags.get('by') ?? 'time';
    if (order !== 'time' && order !== 'record') {
      throw refusal(`--by: ${quoted(order)} is not an order: write time or record`);
    }
    return async (context) => {
      using peers = await openPeers(context, 'look');
      const links = readLinks(context.config.dbFile, context.clock.epochUs());
      const linked = typeof links === 'string' ? undefined : links;
      const all = peersOf(peers.list(), peers.authors(), linked).toSorted((x, y) =>
        order === 'time'
          ? Number(y.link !== undefined) - Number(x.link !== undefined) ||
            y.lastSeenEpochUs - x.lastSeenEpochUs
          : recordOf(y) - recordOf(x),
      );
      const nobody = linked === undefined ? '' : 'No node is linked now.\n';
      const silent = all.length === 0 ? `No node has shared anything yet.\n${nobody}` : '';
      const unknown = typeof links === 'string' ? `${links}\n` : '';
      const remark = silent + unknown + (await ownRemark(context));
      return {
        text:
          all.length === 0
            ? ''
            : formatTable([HEADINGS, ...all.map((one) => rowOf(one, linked !== undefined))]),
        json: all.map(jsonOf),
        ...(remark !== '' && { remark }),
      };
    };
  },
};

/** A node that is linked, shared events, or wrote pages. */
interface ListedPeer extends Omit<Origin, 'totalId'> {
  /** About its pages; `undefined` if there are none. */
  readonly author: ListedAuthor | undefined;
  /** The link with it now. */
  readonly link: LinkPeer | undefined;
}

/** About a node that said nothing yet. */
const UNKNOWN = {
  trust: 'none',
  address: '',
  seenCount: 0,
  isVoter: false,
  name: '',
  firstSeenEpochUs: 0,
  lastSeenEpochUs: 0,
  author: undefined,
  link: undefined,
} as const;

function peersOf(
  origins: readonly Origin[],
  authors: readonly ListedAuthor[],
  links: readonly LinkPeer[] = [],
): readonly ListedPeer[] {
  const byId = new Map<string, ListedPeer>();
  for (const origin of origins)
    byId.set(origin.nodeId, { ...origin, author: undefined, link: undefined });
  for (const author of authors) {
    const { nodeId, publicKey, firstSeenEpochUs, lastSeenEpochUs } = author;
    const known = byId.get(nodeId);
    byId.set(nodeId, {
      ...UNKNOWN,
      nodeId,
      ...known,
      publicKey,
      firstSeenEpochUs: Math.min(firstSeenEpochUs, known?.firstSeenEpochUs ?? Infinity),
      lastSeenEpochUs: Math.max(lastSeenEpochUs, known?.lastSeenEpochUs ?? 0),
      author,
    });
  }
  for (const link of links) {
    const publicKey = Uint8Array.fromHex(link.key);
    const known = byId.get(link.nodeId) ?? { ...UNKNOWN, nodeId: link.nodeId, publicKey };
    byId.set(link.nodeId, { ...known, publicKey: known.publicKey ?? publicKey, link });
  }
  return [...byId.values()];
}

/**
 * One subject that the operator disputes outweighs a hundred that turned out right; an author that foretells something
 * did not copy it.
 */
function recordOf({ author }: ListedPeer): number {
  if (author === undefined) return -1;
  return author.metCount + 10 * author.foretoldCount - 100 * author.disputedCount;
}

const TRUST: Command = {
  name: 'peers trust',
  form: 'NODE [NAME]',
  doc: 'Give this node a vote, and more room for its events than strangers have. NODE is its id, or its key in base64url; NAME is what you call it. Each name and each network that a link with a node proves has one vote (`--no-network-check`). An address is listed when a quorum of voters (`--pool-quorum`, always more than a third of them, never one alone) say in the pool that it attacks.',
  examples: [['peers trust 454dfd30-4375-80fd-bcfe-99c52e887041 Alice', 'Give her node a vote.']],
  prepare: ({ words: [node, ...names] }) => {
    const name = names.length === 0 ? undefined : nameOf(names.join(' '));
    return judging('trust', [node ?? ''], (peers, nodeId, context) => {
      peers.setTrust(nodeId, 'trusted', name, keyOfText(node ?? ''));
      const { name: called = '', isVoter = false } = peers.find(nodeId) ?? {};
      const isCounted = context.config.noNetworkCheck || peers.isProved(nodeId);
      const how = isCounted
        ? ''
        : 'It counts once a link with it proves where it is: --pool-peer HOST creates one.\n';
      const who = called === '' ? nodeId : `${called} (${nodeId})`;
      return {
        text: isVoter
          ? `${who} has a vote now, as one of ${countOf(peers.votersCount(), 'voter')}.\n${how}`
          : `${who} is trusted: more events are accepted from it than from strangers. It signs nothing, so it has no vote.\n`,
        json: { node: nodeId, trust: 'trusted', voter: isVoter, name: called },
      };
    });
  },
};

const DISTRUST: Command = {
  name: 'peers distrust',
  form: 'NODE|NETWORK',
  doc: 'Withdraw everything that only this node said, end the link with it and accept nothing more from it; `unsigned` stands for all nodes that sign nothing. NETWORK is a prefix, an address or an autonomous system (`AS64500`, with `--network-file`): links with it end, and nodes that were linked only from there no longer count, nor does what came only over those links. Takes effect within a second.',
  examples: [
    ['peers distrust 454dfd30-4375-80fd-bcfe-99c52e887041', 'This node.'],
    ['peers distrust 45.10.0.0/16', 'All nodes that were met only in this network.'],
  ],
  prepare: ({ words }) =>
    judging('distrust', words, (peers, node) => {
      const before = new Set(cutOff(peers).map(({ nodeId }) => nodeId));
      const count = peers.setTrust(node, 'distrusted');
      if (parseNodeNetwork(node) === undefined) {
        return {
          text: `${node} is distrusted: ${count} of its events were withdrawn, and no more are accepted.\n`,
          json: { node, trust: 'distrusted', withdrawn_events: count },
        };
      }
      const nodes = cutOff(peers).filter(({ nodeId }) => !before.has(nodeId));
      const voters = nodes.filter(({ isVoter }) => isVoter);
      const named = voters.map(({ name, nodeId }) => (name === '' ? nodeId : name)).join(', ');
      const lost = voters.length === 0 ? '' : ` Of your voters: ${named}.`;
      return {
        text: `${node} is distrusted: no links with it any more, and ${countOf(nodes.length, 'node')} that ${nodes.length === 1 ? 'was' : 'were'} met there alone ${nodes.length === 1 ? 'counts' : 'count'} for nothing.${lost}\nsentrypeer peers forget ${node} takes it back.\n`,
        json: {
          node,
          trust: 'distrusted',
          nodes: nodes.map(({ nodeId }) => nodeId),
          voters: voters.map(({ nodeId }) => nodeId),
        },
      };
    }),
};

const FORGET: Command = {
  name: 'peers forget',
  form: 'NODE|NETWORK',
  doc: 'Neither trust nor distrust this node or network any more. What was withdrawn comes back if other nodes still have it.',
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

const HEADINGS = [
  'NODE',
  'NAME',
  'LINK',
  'ADDRESS',
  'SINCE',
  'EVENTS',
  'CLAIMS',
  'MET',
  'DISPUTED',
  'FORETOLD',
  'NETWORK',
  'FIRST SEEN',
  'LAST SEEN',
  'TRUST',
  'KEY',
  'TOLD BY',
];
/** Longest name, in characters. */
const NAME_CHARACTERS_MAX = 64;

function judging(
  action: 'trust' | 'distrust' | 'forget',
  [node, ...more]: readonly string[],
  judge: (peers: Peers, nodeId: string, context: CommandContext) => Answer,
): Work {
  const network = parseNodeNetwork(node ?? '')?.text;
  if (network !== undefined && action === 'trust') {
    throw refusal(
      `${quoted(node ?? '')} is a network: only nodes can be trusted. To take a distrust back: sentrypeer peers forget ${network}`,
    );
  }
  const key = keyOfText(node ?? '');
  const nodeId = network ?? (key && nodeIdOfKey(key)) ?? node?.toLowerCase() ?? '';
  if (network === undefined && nodeId !== 'unsigned' && !isUuid(nodeId)) {
    throw refusal(
      action === 'trust'
        ? `${quoted(node ?? '')} is not a node: write peers trust with the id of a node or its key, or unsigned for all nodes that sign nothing`
        : `${quoted(node ?? '')} is neither a node nor a network: write peers ${action} with the id of a node or its key, unsigned for all nodes that sign nothing, a prefix such as 45.10.0.0/16 without bits after its length and no wider than /8 of IPv4 or /16 of IPv6, or an autonomous system such as AS64500`,
    );
  }
  refuseMore(more, `peers ${action} NODE`);
  return async (context) => {
    using peers = await openPeers(context);
    return judge(peers, nodeId, context);
  };
}

/** Nodes that do not count at all, because of the networks in which they were met. */
function cutOff(peers: Peers): readonly ListedPeer[] {
  return peersOf(peers.list(), peers.authors()).filter(({ author }) => author?.isOut === true);
}

async function openPeers(
  { config, clock, logger }: CommandContext,
  purpose: 'change' | 'look' = 'change',
): Promise<Peers> {
  const { Peers } = await import('@sentrypeer/store');
  return Peers.open({ clock, logger }, config.dbFile, purpose);
}

/** Why other nodes do not hear this one; empty if they do. */
async function ownRemark(context: CommandContext): Promise<string> {
  const { PoolFile } = await import('@sentrypeer/store');
  const { clock, logger, config } = context;
  using pool = PoolFile.open({ clock, logger }, config.dbFile, 'look');
  const { troubles } = await ownStanding(pool.pages, context);
  return remarkOn(troubles).remark ?? '';
}

/** The raw key that is written here in base64url; `undefined` if the text is not a key. */
function keyOfText(text: string): Uint8Array | undefined {
  if (text.length !== 43) return undefined;
  try {
    return Uint8Array.fromBase64(text, { alphabet: 'base64url' });
  } catch {
    return undefined;
  }
}

function nameOf(text: string): string {
  const name = text.trim();
  const isPrintable = Array.from(name).every((one) => !isUnsafeCode(one.codePointAt(0) ?? 0));
  if (name.length <= NAME_CHARACTERS_MAX && isPrintable) return name;
  throw refusal(`a name has at most ${NAME_CHARACTERS_MAX} characters, all of them printable`);
}

function isUuid(text: string): boolean {
  const parts = text.split('-').map((part) => part.length);
  return (
    parts.join(' ') === '8 4 4 4 12' &&
    Array.from(text).every((character) => '0123456789abcdef-'.includes(character))
  );
}

function rowOf(origin: ListedPeer, isLinkKnown: boolean): readonly string[] {
  const isNode = parseNodeNetwork(origin.nodeId) === undefined && origin.nodeId !== 'unsigned';
  const { link } = origin;
  return [
    origin.nodeId,
    origin.name,
    link === undefined
      ? isLinkKnown && isNode
        ? 'over others'
        : ''
      : `direct ${link.isOutward ? 'out' : 'in'}`,
    link?.address ?? '',
    timeOf(link?.sinceEpochUs) ?? '',
    String(origin.seenCount),
    String(origin.author?.claimsCount ?? 0),
    String(origin.author?.metCount ?? 0),
    String(origin.author?.disputedCount ?? 0),
    String(origin.author?.foretoldCount ?? 0),
    origin.author?.networks[0] ?? '',
    timeOf(origin.firstSeenEpochUs) ?? '',
    timeOf(origin.lastSeenEpochUs) ?? '',
    trustOf(origin),
    keyOf(origin) ?? (parseNodeNetwork(origin.nodeId) ? '' : 'unsigned'),
    origin.address,
  ];
}

function jsonOf(origin: ListedPeer) {
  return {
    node: origin.nodeId,
    events: origin.seenCount,
    claims: origin.author?.claimsCount ?? 0,
    met: origin.author?.metCount ?? 0,
    disputed: origin.author?.disputedCount ?? 0,
    foretold: origin.author?.foretoldCount ?? 0,
    known: origin.author?.isKnown ?? false,
    networks: origin.author?.networks ?? [],
    network_distrusted: origin.author?.isOut ?? false,
    pages: origin.author?.state ?? null,
    link: origin.link
      ? {
          address: origin.link.address,
          outward: origin.link.isOutward,
          since: utc(origin.link.sinceEpochUs),
        }
      : null,
    first_seen: timeOf(origin.firstSeenEpochUs) ?? null,
    last_seen: timeOf(origin.lastSeenEpochUs) ?? null,
    trust: origin.trust,
    voter: origin.isVoter,
    name: origin.name,
    public_key: keyOf(origin) ?? null,
    told_by: origin.address,
  };
}

/** `undefined` if nothing was ever accepted from a node. */
function timeOf(epochUs = 0): string | undefined {
  return epochUs === 0 ? undefined : utc(epochUs);
}

/** The trust in one word. */
function trustOf({ isVoter, trust, author }: ListedPeer): string {
  if (trust === 'distrusted') return trust;
  if (author !== undefined && author.state !== 'alive') return author.state;
  if (author?.isOut === true) return 'network distrusted';
  if (trust === 'none' && author?.isKnown === true) return 'known';
  return isVoter ? 'voter' : trust;
}

function keyOf({ publicKey }: ListedPeer): string | undefined {
  return publicKey?.toBase64({ alphabet: 'base64url', omitPadding: true });
}
