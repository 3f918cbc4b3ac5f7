// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { whyNever } from '@sentrypeer/blackhole';
import { covers, parsePrefix } from '@sentrypeer/ip';
import { entryOf } from '@sentrypeer/listings';
import { quoted, refusal } from '../config/refusal.ts';
import { nodeOf, sparingOf } from '../services/bgp/run-bgp.ts';
import { readRoutes, type BgpDirectory } from '../services/bgp/run-directory.ts';
import { askNode, followedBy } from '../services/listings/node.ts';
import { readSpared, whySpared } from '../services/listings/spared-file.ts';
import type { Answer, CommandContext } from './command.ts';
import { shown, utc } from './text.ts';

/** Whether routers are told to drop an address, and why. Asks the running process, this machine and the node. */
export async function bgpExplainAnswer(
  context: CommandContext,
  named: string,
  directory: BgpDirectory,
): Promise<Answer> {
  const entry = entryOf(named);
  if (entry === undefined) {
    throw refusal(`${quoted(named)} is neither an address nor a network that could be announced`);
  }
  const note = directory.readStatus();
  const routes = (readRoutes(directory) ?? []).filter(({ prefix }) => {
    const parsed = parsePrefix(prefix);
    return parsed !== undefined && covers(parsed, entry.prefix);
  });
  const networks = note && readSpared(directory);
  const spared =
    (await whySpared(entry.prefix, networks, () => sparingOf(context, context.config))) ??
    whyNever(entry.prefix);
  const node = await askNode(followedBy(note, nodeOf(context.config)), named);
  const neighbours = note?.neighbours ?? [];
  const isAnnounced = routes.length > 0;
  const lines = [
    `${named} is ${isAnnounced ? 'announced' : 'not announced'}.`,
    ...routes.map(
      ({ prefix, endEpochMs }) =>
        `Announced:  ${prefix}, until ${utc(endEpochMs * 1000)} unless the node says otherwise`,
    ),
    spared === undefined ? 'Spared:     no' : `Spared:     yes, ${spared}`,
    `The node:   ${node}`,
    ...neighbours.map(({ name, state }) => `Neighbour:  ${name}: ${state}`),
    ...(note === undefined ? ['sentrypeer bgp is not running here.'] : []),
  ];
  return {
    text: `${lines.map(shown).join('\n')}\n`,
    json: {
      address: named,
      announced: isAnnounced,
      routes: routes.map(({ prefix, endEpochMs }) => ({ prefix, until: utc(endEpochMs * 1000) })),
      spared: spared ?? null,
      node,
      state: note?.state ?? null,
      neighbours: neighbours.map(({ name, state }) => ({ name, state })),
    },
  };
}
