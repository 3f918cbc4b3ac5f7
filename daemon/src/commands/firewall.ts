// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setTimeout as wait } from 'node:timers/promises';
import { OperatingError, readDurationText } from '@sentrypeer/kernel';
import { quoted, refusal } from '../config/refusal.ts';
import {
  FIREWALL_CONFIRM_SECONDS_MAX,
  FIREWALL_CONFIRM_SECONDS_MIN,
} from '../services/firewall/limits.ts';
import type { FirewallDirectory } from '../services/firewall/run-directory.ts';
import { CONTROL_MS } from '../services/listings/limits.ts';
import type { Command, CommandContext } from './command.ts';
import { needed, refuseMore } from './words.ts';

/** Milliseconds after which a running firewall that has not done what it was told is taken to hang. */
const HANGS_MS = 6 * CONTROL_MS;

/** Milliseconds between two reads of a running firewall's status. */
const LOOK_MS = 50;

const RUN: Command = {
  name: 'firewall',
  form: '',
  doc: 'Refuse what a node lists, with nftables on this machine, until Ctrl-C. A separate process with CAP_NET_ADMIN; it needs no database. docs/enforcement.md says what is never refused, and how to try it out.',
  flags: ['dry-run', 'once', 'confirm-within'],
  insteadOfJson: 'it prints lines as it runs, and firewall status --json says how it is',
  database: 'none',
  examples: [
    ['firewall --dry-run --once', 'What would be refused now, and for how long.'],
    ['firewall --confirm-within 5m', 'Take everything out again unless you confirm in time.'],
    [
      'firewall --firewall-node https://hub.example.org:8082',
      'What another node lists; its key is SENTRYPEER_FIREWALL_KEY.',
    ],
  ],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'firewall [status|confirm|flush|explain ADDRESS]');
    const isDryRun = flags.has('dry-run');
    const isOnce = flags.has('once');
    if (isOnce && !isDryRun)
      throw refusal('--once goes with --dry-run: a firewall that ends refuses nobody');
    const confirmWithinMs = confirmWithin(flags.get('confirm-within'));
    return async ({ config, clock, logger, print, stopped }) => {
      const { runFirewall } = await import('../services/firewall/run-firewall.ts');
      await runFirewall(
        { clock, logger, print: (line) => print(`${line}\n`) },
        config,
        { isDryRun, isOnce, confirmWithinMs },
        stopped,
      );
      return undefined;
    };
  },
};

const STATUS: Command = {
  name: 'firewall status',
  form: '',
  doc: 'Print whether listed sources are refused, how many, how many packets were refused, and what needs attention. The exit status is 1 if they are not.',
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'firewall status');
    return async (context) => {
      const { statusAnswer } = await import('./firewall-status.ts');
      return statusAnswer(context, (await runDirectory(context)).readStatus());
    };
  },
};

const CONFIRM: Command = {
  name: 'firewall confirm',
  form: '',
  doc: 'Confirm within the time of --confirm-within that all is well, or put everything in force again that was taken out.',
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'firewall confirm');
    return async (context) => {
      const directory = await runDirectory(context);
      const note = directory.readStatus();
      if (note === undefined) {
        const why = 'no firewall runs here: sentrypeer firewall starts it';
        throw new OperatingError('firewall_order', why);
      }
      directory.order('confirm', note);
      const text = 'Confirmed: it stays in force until it is stopped.\n';
      return { text, json: { confirmed: true } };
    };
  },
};

const FLUSH: Command = {
  name: 'firewall flush',
  form: '',
  doc: 'Let everybody in again at once, until `firewall confirm` or the next start.',
  database: 'none',
  prepare: ({ words }) => {
    refuseMore(words, 'firewall flush');
    return async (context) => {
      const directory = await runDirectory(context);
      const note = directory.readStatus();
      if (note !== undefined) {
        directory.order('flush', note);
        await takenOut(directory);
      }
      const { Nft, REMOVAL } = await import('@sentrypeer/firewall');
      // No firewall is running that could be told, or it hangs.
      const { isDone, words } = await Nft.find(process.env['PATH'] ?? '').apply(REMOVAL);
      const text = isDone
        ? 'Everybody is let in again.\n'
        : `nft could not remove the table (${words}).${note === undefined ? '' : ' The running firewall was told to do so.'}\n`;
      return { text, json: { flushed: isDone }, isBad: !isDone && note === undefined };
    };
  },
};

const EXPLAIN: Command = {
  name: 'firewall explain',
  form: 'ADDRESS',
  doc: 'Print whether packets from an address or a network are refused on this machine, and why, or why not.',
  database: 'none',
  prepare: ({ words: [address, ...more] }) => {
    const named = needed(address, 'firewall explain ADDRESS');
    refuseMore(more, 'firewall explain ADDRESS');
    return async (context) => {
      const { explainAnswer } = await import('./firewall-explain.ts');
      return explainAnswer(context, named, await runDirectory(context));
    };
  },
};

export const FIREWALL: readonly Command[] = [RUN, STATUS, CONFIRM, FLUSH, EXPLAIN];

/** Waits until the running firewall has taken everything out, but no longer than one that works would need. */
async function takenOut(directory: FirewallDirectory): Promise<void> {
  for (let waitedMs = 0; waitedMs < HANGS_MS; waitedMs += LOOK_MS) {
    if (directory.readStatus()?.state === 'taken out') return;
    await wait(LOOK_MS);
  }
}

async function runDirectory({ config }: CommandContext) {
  const { firewallDirectory } = await import('../services/firewall/run-directory.ts');
  return firewallDirectory(config.firewallRunDir);
}

/** Milliseconds. */
function confirmWithin(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = readDurationText(text);
  if (
    seconds !== undefined &&
    seconds >= FIREWALL_CONFIRM_SECONDS_MIN &&
    seconds <= FIREWALL_CONFIRM_SECONDS_MAX
  ) {
    return seconds * 1000;
  }
  throw refusal(`--confirm-within: ${quoted(text)} is not a time from 2s to 24h, such as 5m`);
}
