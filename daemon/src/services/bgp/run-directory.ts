// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NeighbourStatus } from '@sentrypeer/bgp';
import type { AnnouncerStatus } from '@sentrypeer/blackhole';
import { OperatingError } from '@sentrypeer/kernel';
import { RunDirectory } from '../listings/run-directory.ts';
import type { RunNote } from '../listings/run-note.ts';
import { SPARED } from '../listings/spared-file.ts';

/** What it reports about one router. */
export interface NeighbourNote extends NeighbourStatus {
  /** Wall-clock milliseconds at which the session ended; absent while there is a session. */
  readonly downSinceEpochMs?: number;
}

/** What a running `sentrypeer bgp` reports about itself. */
export interface BgpNote extends Omit<RunNote, 'state'>, AnnouncerStatus {
  readonly state: AnnouncerStatus['state'];
  readonly asn: number;
  readonly routerId: string;
  readonly neighbours: readonly NeighbourNote[];
  /** Connections from addresses that belong to no neighbour. */
  readonly strangersCount: number;
}

/** An announced prefix, and when it ends unless extended, in wall-clock milliseconds. */
export interface Route {
  readonly prefix: string;
  readonly endEpochMs: number;
}

/** Orders that an operator may give. */
export type BgpOrder = 'flush' | 'resume';

export type BgpDirectory = RunDirectory<BgpNote, BgpOrder>;

/** One line per prefix, with its end. */
const ROUTES = 'routes.txt';

/** The directory through which the running process and its commands communicate. */
export function bgpDirectory(path: string): BgpDirectory {
  return new RunDirectory({
    path,
    orders: ['flush', 'resume'],
    files: [ROUTES, SPARED],
    unusable: (why, cause) =>
      new OperatingError(
        'bgp_run_directory',
        `${path} cannot be used (${why}): ` +
          'this user must be able to write there; --bgp-run-dir names another directory',
        { cause },
      ),
    untold: (why, cause) =>
      new OperatingError(
        'bgp_order',
        `sentrypeer bgp cannot be told (${why}): run it as root or as its user`,
        { cause },
      ),
  });
}

export function writeRoutes(directory: BgpDirectory, routes: readonly Route[]): void {
  directory.write(ROUTES, routes.map((one) => `${one.prefix} ${one.endEpochMs}\n`).join(''));
}

/** `undefined` if nothing is running. */
export function readRoutes(directory: BgpDirectory): readonly Route[] | undefined {
  return directory
    .read(ROUTES)
    ?.split('\n')
    .flatMap((line) => {
      const [prefix = '', end] = line.split(' ');
      return prefix === '' ? [] : [{ prefix, endEpochMs: Number(end) }];
    });
}
