// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FirewallStatus } from '@sentrypeer/firewall';
import { OperatingError } from '@sentrypeer/kernel';
import { RunDirectory } from '../listings/run-directory.ts';
import type { RunNote } from '../listings/run-note.ts';
import { SPARED } from '../listings/spared-file.ts';

/** What a running firewall reports about itself. */
export interface FirewallNote extends Omit<RunNote, 'state'>, FirewallStatus {
  readonly state: FirewallStatus['state'];
  readonly scope: string;
}

/** Orders that an operator may give. */
export type FirewallOrder = 'confirm' | 'flush';

export type FirewallDirectory = RunDirectory<FirewallNote, FirewallOrder>;

/** The directory through which the running firewall and its commands communicate. */
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
