// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Nft, setsHolding } from '@sentrypeer/firewall';
import { entryOf } from '@sentrypeer/listings';
import { quoted, refusal } from '../config/refusal.ts';
import type { FirewallDirectory } from '../services/firewall/run-directory.ts';
import { nodeOf, sparingOf } from '../services/firewall/run-firewall.ts';
import { askNode, followedBy } from '../services/listings/node.ts';
import { readSpared, whySpared } from '../services/listings/spared-file.ts';
import type { Answer, CommandContext } from './command.ts';
import { shown } from './text.ts';

/** Whether an address is refused here, and why. Asks the kernel, this machine and the node. */
export async function explainAnswer(
  context: CommandContext,
  named: string,
  directory: FirewallDirectory,
): Promise<Answer> {
  const entry = entryOf(named);
  if (entry === undefined) {
    throw refusal(`${quoted(named)} is neither an address nor a network that could be refused`);
  }
  const note = directory.readStatus();
  const networks = note && readSpared(directory);
  const spared = await whySpared(entry.prefix, networks, () => sparingOf(context, context.config));
  const { held, trouble } = await setsHolding(Nft.find(process.env['PATH'] ?? ''), entry.prefix);
  const node = await askNode(followedBy(note, nodeOf(context.config)), named);
  const isRefused = held.length > 0 && spared === undefined;
  const lines = [
    trouble !== undefined
      ? `${named}: the kernel cannot be asked (${trouble}); run it as root`
      : `${named} is ${isRefused ? 'refused' : 'not refused'} on this machine.`,
    ...held.map(
      ({ network, expiresSeconds }) => `In the table: ${network}, for ${expiresSeconds} s more`,
    ),
    spared === undefined ? 'Spared:       no' : `Spared:       yes, ${spared}`,
    `The node:     ${node}`,
    `The firewall: ${note === undefined ? 'does not run' : note.state}`,
  ];
  return {
    text: `${lines.map(shown).join('\n')}\n`,
    json: {
      address: named,
      refused: trouble === undefined ? isRefused : null,
      entries: held.map(({ network, expiresSeconds }) => ({
        network,
        expires_seconds: expiresSeconds,
      })),
      spared: spared ?? null,
      node,
      state: note?.state ?? null,
    },
  };
}
