// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NeighbourStatus } from '@sentrypeer/bgp';
import type { AnnouncerStatus } from '@sentrypeer/blackhole';
import { OperatingError } from '@sentrypeer/kernel';
import { RunDirectory } from '../listings/run-directory.ts';
import type { RunNote } from '../listings/run-note.ts';
import { SPARED } from '../listings/spared-file.ts';

/** What it says of one router. */
export interface NeighbourNote extends NeighbourStatus {
  /** Wall-clock milliseconds since when there is no session; not there while there is one. */
  readonly downSinceEpochMs?: number;
}

/** What a running `sentrypeer bgp` says of itself. */
export interface BgpNote extends Omit<RunNote, 'state'>, AnnouncerStatus {
  readonly state: AnnouncerStatus['state'];
  readonly asn: number;
  readonly routerId: string;
  readonly neighbours: readonly NeighbourNote[];
  /** Connections from addresses of no neighbour. */
  readonly strangersCount: number;
}

/** A prefix that is announced, and when it ends unless more is told, in wall-clock milliseconds. */
export interface Route {
  readonly prefix: string;
  readonly endEpochMs: number;
}

/** What an operator may tell it. */
export type BgpOrder = 'flush' | 'resume';

export type BgpDirectory = RunDirectory<BgpNote, BgpOrder>;

/** Lines of a prefix and its end. */
const ROUTES = 'routes.txt';

/** The directory by which the running process and its commands talk. */
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

/** `undefined` where nothing runs. */
export function readRoutes(directory: BgpDirectory): readonly Route[] | undefined {
  return directory
    .read(ROUTES)
    ?.split('\n')
    .flatMap((line) => {
      const [prefix = '', end] = line.split(' ');
      return prefix === '' ? [] : [{ prefix, endEpochMs: Number(end) }];
    });
}
