// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import type { PageOutcome, PoolFile, PoolPage } from '@sentrypeer/store';
import { refusal } from '../config/refusal.ts';
import { judgeOptions } from '../open-engine.ts';
import {
  BAD_PAGES_NAMED_MAX,
  IMPORT_PAUSE_MS_MIN,
  POOL_FILE_PAGES,
} from '../services/pool/limits.ts';
import type { Command, CommandContext } from './command.ts';
import { ownStanding, remarkOn } from './own-standing.ts';
import { readPoolFile } from './pool-file.ts';
import { JOIN } from './pool-join.ts';
import { countOf, nameOf, shown, utc } from './text.ts';
import { needed, neededFile, refuseMore } from './words.ts';

const EXPORT: Command = {
  name: 'pool export',
  form: 'FILE',
  doc: 'Write what this node and others say about attackers to FILE as signed pages. Any node may import it: each page proves who wrote it, so the file may travel by mail, over a web server or on a USB stick.',
  examples: [['pool export /srv/www/pool.pages', 'For a mirror or a node without network.']],
  prepare: ({ words: [file, ...more] }) => {
    const to = neededFile(file, 'pool export FILE');
    refuseMore(more, 'pool export FILE');
    return async (context) => {
      const { saidCount } = await sayAll(context);
      using pool = await openPool(context);
      const { pagesCount } = await writePages(pool, to);
      const { troubles } = await ownStanding(pool.pages, context);
      const said = saidCount > 0 ? `, ${countOf(saidCount, 'page')} of this node rewritten` : '';
      return {
        text: `${countOf(pagesCount, 'page')} exported to ${shown(to)}${said}.\n`,
        json: { file: to, pages: pagesCount, own_pages_written: saidCount },
        ...remarkOn(troubles),
      };
    };
  },
};

const IMPORT: Command = {
  name: 'pool import',
  form: 'FILE',
  doc: 'Read the signed pages of FILE, made by `pool export` on any node. Each page is checked by itself; bad ones are named and left out. What strangers say in them changes no verdict; what voters say (`peers trust`) counts by quorum.',
  examples: [['pool import pool.pages', 'Read what another node exported.']],
  prepare: ({ words: [file, ...more] }) => {
    const from = neededFile(file, 'pool import FILE');
    refuseMore(more, 'pool import FILE');
    return async (context) => {
      const octets = await readPoolFile(from, context.stopped);
      using pool = await openPool(context);
      const { counts, bad } = await importPages(pool, octets, context);
      const { taken = 0, known = 0, replaced = 0, ended = 0, bad: badCount = 0, ...left } = counts;
      const others = Object.entries(left).map(([why, count]) => `, ${count} ${why}`);
      return {
        text: `${countOf(taken, 'page')} of ${shown(from)} taken, ${known} known before, ${replaced} replaced by later ones, ${ended} ended${others.join('')}, ${badCount} bad.\n`,
        json: {
          file: from,
          taken,
          known,
          replaced,
          ended,
          ...left,
          bad: badCount,
          bad_pages: bad.map(({ offset, why }) => ({ offset, why })),
        },
        ...(badCount > 0 && {
          remark: bad.map(({ offset, why }) => `bad page at octet ${offset}: ${why}\n`).join(''),
        }),
        isBad: badCount > 0,
      };
    };
  },
};

const WITHDRAW: Command = {
  name: 'pool withdraw',
  form: 'WHAT',
  doc: 'Withdraw what this node says about an address or a number in the pool, and delist it here. Other nodes drop it as soon as they get the page that says so. If it comes again, it is claimed again, unless you `allow add` it.',
  prepare: ({ words: [what, ...more] }) => {
    const named = needed(what, 'pool withdraw WHAT');
    refuseMore(more, 'pool withdraw WHAT');
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { judgeText } = await import('./subject.ts');
      const { openDecisions } = await import('./allow.ts');
      using decisions = await openDecisions(context);
      using log = StoreReader.look(context.config.dbFile);
      const { subject } = await judgeText(named, log, context);
      decisions.write({ kind: 'delist', subject, comment: 'withdrawn from the pool' });
      const { withdrawnCount } = await sayAll(context);
      using pool = await openPool(context);
      const { troubles } = await ownStanding(pool.pages, context);
      const name = nameOf(subject);
      return {
        text:
          withdrawnCount === 0
            ? `${name} is delisted; this node said nothing about it in the pool.\n`
            : `${name} is delisted and withdrawn: the pages that named it are replaced.\n`,
        json: { withdrawn: withdrawnCount > 0, what: name },
        ...remarkOn(troubles),
      };
    };
  },
};

const RETIRE: Command = {
  name: 'pool retire',
  form: '',
  doc: 'End the key of this node for all time: other nodes drop everything it said and accept nothing more from it. For a key that was stolen, or a node that is taken down. Needs `--yes`.',
  flags: ['yes'],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'pool retire');
    if (!flags.has('yes')) {
      throw refusal(
        'pool retire cannot be undone: nothing that this key says is ever believed again; add --yes to do it',
      );
    }
    return async (context) => {
      const { retirePage } = await import('@sentrypeer/pool/pages');
      const { ownPages, signedPages } = await import('../services/pool/check-page.ts');
      const { openIdentity } = await import('../identity.ts');
      const { config, clock } = context;
      using pool = await openPool(context);
      const identity = await openIdentity(config.identityFile);
      const { poolNetworkOf } = await import('../services/pool/pool-key.ts');
      const { networkId } = await poolNetworkOf(config);
      const options = { networkId, nowS: Math.floor(clock.epochUs() / 1e6) };
      const own = ownPages(pool.pages, identity.nodeId);
      const [outcome] = pool.add(signedPages([retirePage(own, identity, options)]), true);
      if (outcome !== 'taken') {
        throw new OperatingError(
          'pool_key_not_retired',
          outcome === 'retired'
            ? 'the key of this node was retired before'
            : `the page that ends the key of this node was not accepted: ${outcome}`,
        );
      }
      return {
        text: `The key of this node is retired. Export the pool once more, so that others learn of it; move ${shown(context.config.identityFile)} away to continue as a new node.\n`,
        json: { retired: true },
      };
    };
  },
};

const RESUME: Command = {
  name: 'pool resume',
  form: '',
  doc: 'Let through what voters name today although it is far more than usual: over 500, and ten times the median of the last 14 days. Such a surge waits, because it may be an attack by voters; `pool status` shows it.',
  prepare: ({ words }) => {
    refuseMore(words, 'pool resume');
    return async (context) => {
      using pool = await openPool(context);
      pool.resume();
      return {
        text: 'What was held back is let through now, and so is everything else today.\n',
        json: { resumed: true },
      };
    };
  },
};

const STATUS: Command = {
  name: 'pool status',
  form: '',
  doc: 'Print how many pages and claims the pool has, how many voters there are, how many of them are a quorum, whether what they name waits, and which pool this is: nodes with the same `pool_key` show the same digits.',
  prepare: ({ words }) => {
    refuseMore(words, 'pool status');
    return async (context) => {
      const { quorumOf } = await import('@sentrypeer/verdict');
      using pool = await openPool(context, 'look');
      const { authors, pages, claims, voters, admitted, unproved, networks } = pool.pages.counts();
      const { keyState, aheadUntilUs, troubles } = await ownStanding(pool.pages, context);
      const isChecked = judgeOptions(context.config).noNetworkCheck !== true;
      const quorum = quorumOf(voters, judgeOptions(context.config).poolQuorum ?? 0);
      const isBraked = pool.isBraked();
      const own = await ownPool(context);
      const acts = voters < quorum ? `none acts, it takes ${quorum}` : `${quorum} of them act`;
      return {
        text: [
          `Pool    ${countOf(claims, 'claim')} on ${countOf(pages, 'page')}, ${countOf(authors, 'author')}`,
          `Voters  ${voters}; ${acts}`,
          `Key     ${own.text}`,
          `Named   ${countOf(admitted, 'subject')} by a quorum`,
          ...(isChecked && unproved > 0
            ? [
                `No vote ${countOf(unproved, 'voter')} in no network that a link proved: --pool-peer HOST, or --no-network-check for nodes of your own`,
              ]
            : []),
          ...troubles.map(([title, text]) => `${title.padEnd(8)}${text}`),
          ...(isBraked ? ['Waits   voters name far more than usual: sentrypeer pool resume'] : []),
          '',
        ].join('\n'),
        json: {
          claims,
          pages,
          authors,
          voters,
          voters_without_network: unproved,
          networks,
          quorum,
          named: admitted,
          waits: isBraked,
          network_id: own.networkId,
          closed: own.isClosed,
          key_state: keyState,
          ahead_until: aheadUntilUs === undefined ? null : utc(aheadUntilUs),
        },
      };
    };
  },
};

const INIT: Command = {
  name: 'pool init',
  form: 'FILE',
  doc: 'Make the key of a closed pool in FILE. Copy it to each of your nodes in a safe way and run `pool join` there: they exchange pages only with each other.',
  database: 'none',
  prepare: ({ words: [file, ...more] }) => {
    const path = neededFile(file, 'pool init FILE');
    refuseMore(more, 'pool init FILE');
    return async () => {
      const { makePoolKey } = await import('../services/pool/pool-key.ts');
      await makePoolKey(path);
      return {
        text: `${shown(path)} has the key of a new pool: copy it to your nodes securely, and run sentrypeer pool join FILE on each.\n`,
        json: { file: path },
      };
    };
  },
};

export const POOL: readonly Command[] = [
  STATUS,
  INIT,
  JOIN,
  EXPORT,
  IMPORT,
  WITHDRAW,
  RETIRE,
  RESUME,
];

async function openPool(
  { config, clock, logger }: CommandContext,
  purpose: 'change' | 'look' = 'change',
): Promise<PoolFile> {
  const { PoolFile } = await import('@sentrypeer/store');
  return PoolFile.open({ clock, logger }, config.dbFile, purpose);
}

/**
 * Takes back what the operator no longer stands by, and says everything else that this node has to say. Returns the
 * number of pages.
 */
async function sayAll(
  context: CommandContext,
): Promise<{ readonly withdrawnCount: number; readonly saidCount: number }> {
  const { StoreReader } = await import('@sentrypeer/store');
  const { openSpeaker } = await import('../services/pool/open-speaker.ts');
  const { poolNetworkOf } = await import('../services/pool/pool-key.ts');
  const { openIdentity } = await import('../identity.ts');
  const { config, clock, stage } = context;
  using pool = await openPool(context);
  using log = StoreReader.look(config.dbFile);
  const { networkId } = await poolNetworkOf(config);
  const identity = await openIdentity(config.identityFile);
  // It would be refused everywhere, here as well.
  if (pool.pages.keyState(identity.nodeId) !== 'alive') return { withdrawnCount: 0, saidCount: 0 };
  const speaker = await openSpeaker({ log, pool: pool.pages, identity, clock }, config, stage);
  const withdrawn = speaker.takeBack(networkId, clock.epochUs());
  const withdrawnCount = taken(pool.add(withdrawn, true));
  while (speaker.listen(clock.epochUs()));
  const pages = speaker.speak(networkId, clock.epochUs(), true);
  return { withdrawnCount, saidCount: taken(pool.add(pages, true)) };
}

function taken(outcomes: readonly PageOutcome[]): number {
  return outcomes.filter((outcome) => outcome === 'taken').length;
}

/** A reader sees either the old file or all of the new one. */
async function writePages(pool: PoolFile, path: string): Promise<{ readonly pagesCount: number }> {
  const { formatFilePage, POOL_FILE_TITLE } = await import('@sentrypeer/pool/pages');
  const temporary = `${path}.tmp`;
  let pagesCount = 0;
  try {
    {
      await using file = await open(temporary, 'w', 0o644);
      await file.write(POOL_FILE_TITLE);
      for (const pages of kept(pool)) {
        pagesCount += pages.length;
        const octets = pages.flatMap((page) => [formatFilePage(page)]);
        await file.writev(octets);
      }
      await file.sync();
    }
    await rename(temporary, path);
    return { pagesCount };
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof OperatingError) throw cause;
    throw new OperatingError(
      'pool_file_unwritable',
      `${shown(path)} cannot be written (${errorCode(cause) ?? 'unknown reason'}); name a file that this user may write`,
      { cause },
    );
  }
}

/**
 * Everything that is kept, some pages at a time; for a proof both pages, which prove it again wherever they are read.
 */
function* kept({ pages }: PoolFile): Iterable<readonly Uint8Array[]> {
  for (let after = 0; ;) {
    const some = pages.pages(after, POOL_FILE_PAGES);
    const last = some.at(-1);
    if (last === undefined) break;
    yield some.map(({ octets }) => octets);
    after = last.pageId;
  }
  for (let after = 0; ;) {
    const some = pages.proofs(after, POOL_FILE_PAGES);
    const last = some.at(-1);
    if (last === undefined) return;
    yield some.flatMap((proof) => proof.pages);
    after = last.id;
  }
}

/** The pool that the configuration names, so that operators can compare it without showing each other the key. */
async function ownPool({ config }: CommandContext): Promise<{
  readonly text: string;
  readonly networkId: number | null;
  readonly isClosed: boolean;
}> {
  const { poolNetworkOf } = await import('../services/pool/pool-key.ts');
  const isClosed = config.poolKeyFile !== undefined;
  try {
    const { networkId } = await poolNetworkOf(config);
    const text = isClosed
      ? `of closed pool ${networkId.toString(16).padStart(8, '0')}; nodes with the same key show the same`
      : `none, an open pool: network ${networkId}`;
    return { text, networkId, isClosed };
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return { text: error.message, networkId: null, isClosed };
  }
}

interface BadPage {
  readonly offset: number;
  readonly why: string;
}

async function importPages(
  pool: PoolFile,
  octets: Uint8Array,
  { config, clock }: CommandContext,
): Promise<{
  readonly counts: Readonly<Record<string, number>>;
  readonly bad: readonly BadPage[];
}> {
  const { filePages } = await import('@sentrypeer/pool/pages');
  const { checkPage } = await import('../services/pool/check-page.ts');
  const { poolNetworkOf } = await import('../services/pool/pool-key.ts');
  const { networkId } = await poolNetworkOf(config);
  const at = { networkId, nowS: Math.floor(clock.epochUs() / 1e6) };
  const counts: Record<string, number> = {};
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  const bad: BadPage[] = [];
  let waiting: PoolPage[] = [];
  const addWaiting = async (): Promise<void> => {
    const startedMs = clock.nowMs();
    for (const outcome of pool.add(waiting)) count(outcome);
    waiting = [];
    // SQLite queues nobody: without a pause a recording daemon would hardly ever find the database free.
    await pause(Math.max(IMPORT_PAUSE_MS_MIN, clock.nowMs() - startedMs));
  };
  for (const page of filePages(octets)) {
    const checked = checkPage(page.octets, at);
    if ('bad' in checked && checked.bad === 'page_old') {
      count('ended');
    } else if ('bad' in checked) {
      count('bad');
      if (bad.length < BAD_PAGES_NAMED_MAX) bad.push({ offset: page.offset, why: checked.bad });
    } else if (waiting.push(checked) >= POOL_FILE_PAGES) {
      await addWaiting();
    }
  }
  if (waiting.length > 0) await addWaiting();
  return { counts, bad };
}
