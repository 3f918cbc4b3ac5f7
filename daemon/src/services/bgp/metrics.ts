// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BgpNote, NeighbourNote } from './run-directory.ts';

type Sample = readonly [
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  lines: readonly string[],
];

/** For node_exporter's textfile collector (Prometheus, text format 0.0.4). */
export function bgpMetricsText(note: BgpNote): string {
  return [...ofAll(note), ...ofEach(note.neighbours)]
    .filter(([, , , lines]) => lines.length > 0)
    .map(([name, type, help, lines]) => {
      const full = `sentrypeer_bgp_${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.map((line) => `${full}${line}\n`).join('')}`;
    })
    .join('');
}

function ofAll(note: BgpNote): readonly Sample[] {
  const { entries } = note;
  return [
    [
      'announcing',
      'gauge',
      'Whether listed prefixes are announced.',
      [` ${Number(note.state === 'announcing')}`],
    ],
    [
      'following',
      'gauge',
      'Whether the feed of the node is followed.',
      [` ${Number(note.feedFailure === null)}`],
    ],
    [
      'prefixes',
      'gauge',
      'Prefixes that are announced.',
      [`{family="ipv4"} ${entries.ipv4}`, `{family="ipv6"} ${entries.ipv6}`],
    ],
    ['left_out', 'gauge', 'Listed entries that are spared.', [` ${note.leftOutCount}`]],
    ['alarms', 'gauge', 'What an operator should look at.', [` ${note.alarms.length}`]],
    ['changes_total', 'counter', 'Prefixes announced or withdrawn.', [` ${note.changes}`]],
    [
      'strangers_total',
      'counter',
      'Connections from addresses of no neighbour.',
      [` ${note.strangersCount}`],
    ],
  ];
}

function ofEach(neighbours: readonly NeighbourNote[]): readonly Sample[] {
  const each = (value: (one: NeighbourNote) => number): readonly string[] =>
    neighbours.map((one) => `{neighbour="${one.name}"} ${value(one)}`);
  return [
    [
      'session_up',
      'gauge',
      'Whether there is a session with the neighbour.',
      each(({ state }) => Number(state === 'Established')),
    ],
    [
      'session_uptime_seconds',
      'gauge',
      'Seconds since the session began.',
      each(({ uptimeMs }) => Math.round(uptimeMs / 1000)),
    ],
    [
      'prefixes_out',
      'gauge',
      'Prefixes that the neighbour has from us.',
      each(({ prefixesOut }) => prefixesOut),
    ],
    [
      'prefixes_pending',
      'gauge',
      'Announcements and withdrawals still to be sent to it.',
      each(({ prefixesPending }) => prefixesPending),
    ],
    [
      'prefixes_held_back',
      'gauge',
      'Prefixes that it is not sent because of prefixes_max.',
      each(({ prefixesHeldBack }) => prefixesHeldBack),
    ],
    ['flaps_total', 'counter', 'Sessions that ended.', each(({ flapsCount }) => flapsCount)],
    ['messages_sent_total', 'counter', 'Messages sent to it.', each(({ sent }) => sent.messages)],
    [
      'messages_received_total',
      'counter',
      'Messages that came from it.',
      each(({ received }) => received.messages),
    ],
  ];
}
