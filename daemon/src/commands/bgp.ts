// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { refusal } from '../config/refusal.ts';
import type { Command, CommandContext } from './command.ts';
import { needed, refuseMore } from './words.ts';

const RUN: Command = {
  name: 'bgp',
  form: '',
  doc: 'Tell your routers by BGP to drop what a node lists, until Ctrl-C. A separate process that needs no database; routers and our AS number are in `[bgp]` of the configuration file. docs/bgp.md says what is never announced, and how to configure the routers.',
  flags: ['dry-run', 'once'],
  insteadOfJson: 'it prints lines as it runs, and bgp status --json says how it is',
  database: 'none',
  examples: [
    ['bgp --dry-run --once', 'Print what would be announced now, without announcing it.'],
    ['-g /etc/sentrypeer.toml bgp', 'Peer with the routers of [[bgp.neighbour]].'],
  ],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'bgp [status|routes|explain ADDRESS|flush|resume]');
    const isDryRun = flags.has('dry-run');
    const isOnce = flags.has('once');
    if (isOnce && !isDryRun)
      throw refusal('--once goes with --dry-run: routes go when the process ends');
    return async ({ config, clock, logger, print, stopped }) => {
      const { runBgp } = await import('../services/bgp/run-bgp.ts');
      await runBgp(
        { clock, logger, print: (line) => print(`${line}\n`) },
        config,
        { isDryRun, isOnce },
        stopped,
      );
      return undefined;
    };
  },
};

const STATUS: Command = {
  name: 'bgp status',
  form: '',
  doc: 'Print which routers have a session and what they were sent, what is left out, and what needs attention. The exit status is 1 if something is wrong.',
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'bgp status');
    return async (context) => {
      const { bgpStatusAnswer } = await import('./bgp-status.ts');
      return bgpStatusAnswer(context, (await runDirectory(context)).readStatus());
    };
  },
};

const ROUTES: Command = {
  name: 'bgp routes',
  form: '',
  doc: 'Print the announced prefixes, one line each, with the time at which each ends unless the node says otherwise.',
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'bgp routes');
    return async (context) => {
      const { routesAnswer } = await import('./bgp-status.ts');
      const { readRoutes } = await import('../services/bgp/run-directory.ts');
      return routesAnswer(readRoutes(await runDirectory(context)));
    };
  },
};

const EXPLAIN: Command = {
  name: 'bgp explain',
  form: 'ADDRESS',
  doc: 'Print whether routers are told to drop an address or a network, and why, or why not.',
  database: 'none',
  prepare: ({ words: [address, ...more] }) => {
    const named = needed(address, 'bgp explain ADDRESS');
    refuseMore(more, 'bgp explain ADDRESS');
    return async (context) => {
      const { bgpExplainAnswer } = await import('./bgp-explain.ts');
      return bgpExplainAnswer(context, named, await runDirectory(context));
    };
  },
};

const FLUSH = orderCommand({
  order: 'flush',
  doc: 'Withdraw everything at once, and announce nothing until `bgp resume` or the next start.',
  text: 'Everything is being withdrawn.\n',
});

const RESUME = orderCommand({
  order: 'resume',
  doc: 'Announce again what was withdrawn by `bgp flush`.',
  text: 'What is listed is announced again.\n',
});

export const BGP: readonly Command[] = [RUN, STATUS, ROUTES, EXPLAIN, FLUSH, RESUME];

function orderCommand({
  order,
  doc,
  text,
}: {
  readonly order: 'flush' | 'resume';
  readonly doc: string;
  readonly text: string;
}): Command {
  return {
    name: `bgp ${order}`,
    form: '',
    doc,
    database: 'none',
    prepare: ({ words }) => {
      refuseMore(words, `bgp ${order}`);
      return async (context) => {
        const directory = await runDirectory(context);
        const note = directory.readStatus();
        if (note === undefined)
          throw new OperatingError('bgp_order', 'sentrypeer bgp is not running here');
        directory.order(order, note);
        return { text, json: { told: order } };
      };
    },
  };
}

async function runDirectory({ config }: CommandContext) {
  const { bgpDirectory } = await import('../services/bgp/run-directory.ts');
  return bgpDirectory(config.bgpRunDir);
}
