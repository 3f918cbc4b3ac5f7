// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FirewallNote } from '../services/firewall/run-directory.ts';
import { isSilent, troublesOf } from '../services/listings/run-note.ts';
import type { Answer, CommandContext } from './command.ts';
import { countOf, shown, utc } from './text.ts';

/** What a running firewall reports, for a person and for a program. */
export function statusAnswer(
  { clock, paint }: CommandContext,
  note: FirewallNote | undefined,
): Answer {
  if (note === undefined) {
    return {
      text: `${paint('red', 'No firewall runs here')}: sentrypeer firewall starts it.\n`,
      json: { running: false, in_force: false },
      isBad: true,
    };
  }
  const nowEpochMs = clock.epochUs() / 1000;
  const isRunning = !isSilent(note, nowEpochMs);
  const isInForce = isRunning && note.isInForce;
  const troubles = troublesOf(note, nowEpochMs);
  const lines = [
    `Firewall of process ${note.processId}, since ${utc(note.startedEpochMs * 1000)}`,
    `  State     ${isInForce ? paint('green', stateText(note)) : paint('red', stateText(note))}`,
    `  Follows   ${note.node}${note.serial === '' ? '' : `, serial ${note.serial}`}`,
    `  Refuses   ${countOf(note.entries.ipv4, 'entry', 'entries')} of IPv4, ${note.entries.ipv6} of IPv6 (scope ${note.scope})`,
    `  Refused   ${countOf(note.refusedPackets, 'packet')}, ${countOf(note.refusedOctets, 'octet')}`,
    `  Spared    ${countOf(note.sparedCount, 'network')}; ${countOf(note.leftOutCount, 'listed entry', 'listed entries')} left out`,
    ...note.leftOut.map(({ address, why }) => `            ${address}: ${why}`),
    `  Changes   ${note.changes}, ${note.failures} failed; ${countOf(note.repairs, 'change')} by others undone`,
    ...troubles.map((trouble) => `  Trouble   ${paint('red', shown(trouble))}`),
  ];
  return {
    text: `${lines.join('\n')}\n`,
    json: { running: isRunning, in_force: isInForce, troubles, ...jsonOf(note) },
    isBad: !isInForce || troubles.length > 0,
  };
}

function stateText({ state, why, confirmByEpochMs }: FirewallNote): string {
  if (state === 'unconfirmed') {
    return `in force until ${utc((confirmByEpochMs ?? 0) * 1000)} unless confirmed: sentrypeer firewall confirm`;
  }
  return why === undefined ? state : `${state}: ${shown(why)}`;
}

function jsonOf(note: FirewallNote) {
  return {
    process_id: note.processId,
    started: utc(note.startedEpochMs * 1000),
    written: utc(note.writtenEpochMs * 1000),
    state: note.state,
    why: note.why ?? null,
    confirm_by: note.confirmByEpochMs === undefined ? null : utc(note.confirmByEpochMs * 1000),
    node: note.node,
    serial: note.serial,
    scope: note.scope,
    entries: note.entries,
    refused_packets: note.refusedPackets,
    refused_octets: note.refusedOctets,
    spared: note.sparedCount,
    left_out: note.leftOutCount,
    left_out_examples: note.leftOut,
    changes: note.changes,
    failures: note.failures,
    repairs: note.repairs,
  };
}
