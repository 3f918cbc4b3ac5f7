// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { webhookCursor } from '@sentrypeer/follow/cursors';
import { OperatingError } from '@sentrypeer/kernel';
import type { Endpoints, EndpointStatus } from '@sentrypeer/store';
import { refusal } from '../config/refusal.ts';
import type { Answer, Command, CommandContext, Work } from './command.ts';
import { countOf, formatTable, shown, utc } from './text.ts';
import { refuseMore } from './words.ts';

const STATUS: Command = {
  name: 'webhook status',
  form: '',
  doc: 'Print for each webhook how far it has got, how much it accepted and refused, and its last failure.',
  prepare: ({ words }) => {
    refuseMore(words, 'webhook status');
    return async (context) => {
      using endpoints = await openEndpoints(context, 'look');
      const statuses = endpoints.reader.statuses();
      return {
        text: statuses.map((status) => formatStatus(endpoints, status)).join(''),
        json: statuses.map((status) => jsonOf(endpoints, status)),
        ...(statuses.length === 0
          ? { remark: 'No webhook was ever configured for this database.\n' }
          : {}),
      };
    };
  },
};

const DEAD: Command = {
  name: 'webhook dead',
  form: 'NAME',
  doc: 'List the events that a webhook refused for good, with the reasons.',
  prepare: ({ words: [webhook, ...more] }) => {
    const name = named(webhook, 'dead');
    refuseMore(more, 'webhook dead NAME');
    return async (context) => {
      using endpoints = await openEndpoints(context, 'look');
      refuseUnknown(endpoints, name);
      const letters = endpoints.reader.letters(name);
      return {
        text: formatTable(
          letters.map(({ eventUuid, refusedEpochUs, isToSend, reason }) => [
            utc(refusedEpochUs),
            eventUuid,
            `${isToSend ? 'to be sent again, ' : ''}${reason}`,
          ]),
        ),
        json: letters.map(({ eventUuid, refusedEpochUs, isToSend, reason }) => ({
          event_uuid: eventUuid,
          refused: utc(refusedEpochUs),
          to_send: isToSend,
          reason,
        })),
        ...(letters.length === 0 ? { remark: `${name} has refused no event that is kept.\n` } : {}),
      };
    };
  },
};

const RESEND: Command = {
  name: 'webhook resend',
  form: 'NAME [UUID]',
  doc: 'Let the daemon send these events, or one of them, again.',
  prepare: ({ words }) =>
    changing('resend', words, (endpoints, webhook, eventUuid) => {
      const count = endpoints.sendAgain(webhook, eventUuid);
      return {
        text: `${countOf(count, 'event')} will be sent again to ${webhook} by the daemon.\n`,
        json: { webhook, events_to_send: count },
      };
    }),
};

const DISCARD: Command = {
  name: 'webhook discard',
  form: 'NAME [UUID]',
  doc: 'Forget these events, or one of them.',
  prepare: ({ words }) =>
    changing('discard', words, (endpoints, webhook, eventUuid) => {
      const count = endpoints.discard(webhook, eventUuid);
      return {
        text: `${countOf(count, 'event')} refused by ${webhook} ${count === 1 ? 'is' : 'are'} forgotten.\n`,
        json: { webhook, forgotten_events: count },
      };
    }),
};

export const WEBHOOK: readonly Command[] = [STATUS, DEAD, RESEND, DISCARD];

function named(webhook: string | undefined, action: string): string {
  if (webhook !== undefined && webhook !== '') return webhook;
  throw refusal(`webhook ${action} needs the name of a webhook`);
}

function changing(
  action: 'resend' | 'discard',
  [webhook, eventUuid, ...more]: readonly string[],
  change: (endpoints: Endpoints, webhook: string, eventUuid: string | undefined) => Answer,
): Work {
  const name = named(webhook, action);
  refuseMore(more, `webhook ${action} NAME [UUID]`);
  return async (context) => {
    using endpoints = await openEndpoints(context);
    refuseUnknown(endpoints, name);
    return change(endpoints, name, eventUuid?.toLowerCase());
  };
}

async function openEndpoints(
  { config, clock, logger }: CommandContext,
  purpose: 'change' | 'look' = 'change',
): Promise<Endpoints> {
  const { Endpoints } = await import('@sentrypeer/store');
  return Endpoints.open({ clock, logger }, config.dbFile, purpose);
}

function formatStatus(endpoints: Endpoints, status: EndpointStatus): string {
  const { endpoint, requests, accepted, refused, expired, failures, error } = status;
  const letters = endpoints.reader.lettersCount(endpoint);
  const lines = [
    endpoint,
    `  waiting       ${endpoints.lag(webhookCursor(endpoint))}`,
    `  accepted      ${accepted}${at(status.acceptedEpochUs)}`,
    `  refused       ${refused} (${letters} dead letters)`,
    `  expired       ${expired}`,
    `  requests      ${requests} (${failures} failed and were repeated)`,
  ];
  if (error !== undefined) {
    lines.push(`  last failure  ${error.code}: ${shown(error.message)}${at(error.epochUs)}`);
  }
  return `${lines.join('\n')}\n`;
}

function jsonOf(endpoints: Endpoints, status: EndpointStatus) {
  const { endpoint, requests, accepted, acceptedEpochUs, refused, expired, failures, error } =
    status;
  return {
    webhook: endpoint,
    waiting: endpoints.lag(webhookCursor(endpoint)),
    accepted,
    last_accepted: acceptedEpochUs === undefined ? null : utc(acceptedEpochUs),
    refused,
    dead_letters: endpoints.reader.lettersCount(endpoint),
    expired,
    requests,
    failures,
    last_failure:
      error === undefined
        ? null
        : { code: error.code, message: error.message, at: utc(error.epochUs) },
  };
}

function refuseUnknown(endpoints: Endpoints, webhook: string): void {
  if (endpoints.reader.status(webhook) !== undefined) return;
  throw new OperatingError(
    'webhook_unknown',
    `there is no webhook ${webhook}; sentrypeer webhook status shows them`,
  );
}

function at(epochUs: number | undefined): string {
  return epochUs === undefined ? '' : `, ${utc(epochUs)}`;
}
