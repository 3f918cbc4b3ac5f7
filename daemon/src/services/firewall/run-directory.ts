// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FirewallStatus } from '@sentrypeer/firewall';
import { OperatingError } from '@sentrypeer/kernel';
import { RunDirectory } from '../listings/run-directory.ts';
import type { RunNote } from '../listings/run-note.ts';
import { SPARED } from '../listings/spared-file.ts';

/** What a running firewall says of itself. */
export interface FirewallNote extends Omit<RunNote, 'state'>, FirewallStatus {
  readonly state: FirewallStatus['state'];
  readonly scope: string;
}

/** What an operator may tell it. */
export type FirewallOrder = 'confirm' | 'flush';

export type FirewallDirectory = RunDirectory<FirewallNote, FirewallOrder>;

/** The directory by which the running firewall and its commands talk. */
export function firewallDirectory(path: string): FirewallDirectory {
  return new RunDirectory({
    path,
    orders: ['confirm', 'flush'],
    files: [SPARED],
    unusable: (why, cause) =>
      new OperatingError(
        'firewall_run_directory',
        `${path} cannot be used (${why}): ` +
          'this user must be able to write there; --firewall-run-dir names another directory',
        { cause },
      ),
    untold: (why, cause) =>
      new OperatingError('firewall_order', `the firewall cannot be told (${why}): run it as root`, {
        cause,
      }),
  });
}
