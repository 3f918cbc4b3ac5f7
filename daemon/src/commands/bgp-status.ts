// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BgpNote, NeighbourNote, Route } from '../services/bgp/run-directory.ts';
import { errorText } from '../services/bgp/troubles.ts';
import { isSilent, troublesOf } from '../services/listings/run-note.ts';
import type { Answer, CommandContext } from './command.ts';
import { countOf, shown, utc } from './text.ts';

/** What a running `sentrypeer bgp` reports, for a person and for a program. */
export function bgpStatusAnswer(
  { clock, paint }: CommandContext,
  note: BgpNote | undefined,
): Answer {
  if (note === undefined) {
    return {
      text: `${paint('red', 'sentrypeer bgp is not running here')}: no router is told anything.\n`,
      json: { running: false, announcing: false },
      isBad: true,
    };
  }
  const nowEpochMs = clock.epochUs() / 1000;
  const isRunning = !isSilent(note, nowEpochMs);
  const isAnnouncing = isRunning && note.isInForce;
  const troubles = troublesOf(note, nowEpochMs);
  const lines = [
    `BGP speaker of process ${note.processId}, since ${utc(note.startedEpochMs * 1000)}`,
    `  State      ${paint(isAnnouncing ? 'green' : 'red', note.state)} (AS ${note.asn}, router id ${note.routerId})`,
    `  Follows    ${note.node}${note.serial === '' ? '' : `, serial ${note.serial}`}`,
    `  Announces  ${countOf(note.entries.ipv4, 'prefix', 'prefixes')} of IPv4, ${note.entries.ipv6} of IPv6`,
    `  Spared     ${countOf(note.sparedCount, 'network')}; ${countOf(note.leftOutCount, 'listed entry', 'listed entries')} left out`,
    ...note.leftOut.map(({ address, why }) => `             ${address}: ${why}`),
    ...note.neighbours.flatMap((one) => neighbourLines(one, paint)),
    ...troubles.map((trouble) => `  Trouble    ${paint('red', shown(trouble))}`),
  ];
  return {
    text: `${lines.join('\n')}\n`,
    json: { running: isRunning, announcing: isAnnouncing, troubles, ...jsonOf(note) },
    isBad: !isAnnouncing || troubles.length > 0,
  };
}

/** The prefixes that are announced. @param routes `undefined` if nothing is running. */
export function routesAnswer(routes: readonly Route[] | undefined): Answer {
  const all = routes ?? [];
  return {
    text: all
      .map(({ prefix, endEpochMs }) => `${prefix}  until ${utc(endEpochMs * 1000)}\n`)
      .join(''),
    json: {
      routes: all.map(({ prefix, endEpochMs }) => ({ prefix, until: utc(endEpochMs * 1000) })),
    },
    ...(routes === undefined && { remark: 'sentrypeer bgp is not running here.\n' }),
    isBad: routes === undefined,
  };
}

function neighbourLines(one: NeighbourNote, paint: CommandContext['paint']): readonly string[] {
  const { name, address, remoteAsn, state, session, lastError } = one;
  const isUp = state === 'Established';
  const since = utc((one.downSinceEpochMs ?? one.sinceEpochMs) * 1000);
  const where = name === address ? '' : `${address}, `;
  const pending = one.prefixesPending > 0 ? `, ${one.prefixesPending} on their way` : '';
  return [
    `  Neighbour  ${name} (${where}AS ${remoteAsn}): ${paint(isUp ? 'green' : 'red', state)} ${isUp ? 'since' : 'not up since'} ${since}`,
    `             ${countOf(one.prefixesOut, 'prefix', 'prefixes')} out${pending}${session === undefined ? '' : `; ${session.families.join(', ')}; hold time ${session.holdTimeS} s`}`,
    ...(lastError === undefined
      ? []
      : [`             last error ${utc(lastError.atEpochMs * 1000)}: ${shown(errorText(one))}`]),
  ];
}

function jsonOf(note: BgpNote) {
  return {
    process_id: note.processId,
    started: utc(note.startedEpochMs * 1000),
    written: utc(note.writtenEpochMs * 1000),
    state: note.state,
    asn: note.asn,
    router_id: note.routerId,
    node: note.node,
    serial: note.serial,
    entries: note.entries,
    changes: note.changes,
    spared: note.sparedCount,
    left_out: note.leftOutCount,
    left_out_examples: note.leftOut,
    strangers: note.strangersCount,
    neighbours: note.neighbours.map(neighbourJson),
  };
}

function neighbourJson(one: NeighbourNote) {
  const { session, lastError, lastNotification } = one;
  return {
    name: one.name,
    address: one.address,
    port: one.port,
    asn: one.remoteAsn,
    form: one.form,
    state: one.state,
    since: utc(one.sinceEpochMs * 1000),
    uptime_seconds: Math.round(one.uptimeMs / 1000),
    router_id: session?.remoteRouterId ?? null,
    incoming: session?.isIncoming ?? null,
    hold_time: session?.holdTimeS ?? null,
    families: session?.families ?? [],
    capabilities: session?.capabilities ?? [],
    in_sync: session?.isInSync ?? false,
    prefixes_out: one.prefixesOut,
    prefixes_pending: one.prefixesPending,
    prefixes_held_back: one.prefixesHeldBack,
    prefixes_dropped: one.prefixesDropped,
    messages_sent: one.sent.messages,
    messages_received: one.received.messages,
    flaps: one.flapsCount,
    last_error: errorJson(lastError),
    last_notification: errorJson(lastNotification),
  };
}

function errorJson(error: NeighbourNote['lastError']) {
  if (error === undefined) return null;
  const { atEpochMs, direction, name, code, subcode, communication } = error;
  return {
    at: utc(atEpochMs * 1000),
    direction,
    name,
    code: code ?? null,
    subcode: subcode ?? null,
    said: communication ?? null,
  };
}
