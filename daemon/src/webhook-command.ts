// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { webhookCursor } from '@sentrypeer/delivery/settings';
import { OperatingError, unreachable } from '@sentrypeer/kernel';
import type { Endpoints, EndpointStatus } from '@sentrypeer/store';
import type { WebhookCommand } from './config/commands.ts';
import { LOG_VALUE_CHARACTERS_MAX } from './limits.ts';
import { escapeText } from './output/escape-text.ts';

/** Does what a command about webhooks says. @returns What to print. */
export function runWebhookCommand(command: WebhookCommand, endpoints: Endpoints): string {
  switch (command.name) {
    case 'webhook status':
      return formatStatuses(endpoints);
    case 'webhook dead':
      return formatLetters(endpoints, command.webhook);
    case 'webhook resend': {
      refuseUnknown(endpoints, command.webhook);
      const count = endpoints.sendAgain(command.webhook, command.eventUuid);
      return `${events(count)} will be sent again to ${command.webhook} by the daemon.\n`;
    }
    case 'webhook discard': {
      refuseUnknown(endpoints, command.webhook);
      const count = endpoints.discard(command.webhook, command.eventUuid);
      return `${events(count)} refused by ${command.webhook} ${count === 1 ? 'is' : 'are'} forgotten.\n`;
    }
    default:
      return unreachable(command);
  }
}

function formatStatuses(endpoints: Endpoints): string {
  const statuses = endpoints.reader.statuses();
  if (statuses.length === 0) return 'No webhook was ever configured for this database.\n';
  return statuses.map((status) => formatStatus(endpoints, status)).join('');
}

function formatStatus(endpoints: Endpoints, status: EndpointStatus): string {
  const { endpoint, requests, accepted, refused, expired, failures, error } = status;
  const lag = endpoints.lag(webhookCursor(endpoint));
  const letters = endpoints.reader.lettersCount(endpoint);
  const lines = [
    endpoint,
    `  waiting       ${lag}`,
    `  accepted      ${accepted}${at(status.acceptedEpochUs)}`,
    `  refused       ${refused} (${letters} dead letters)`,
    `  expired       ${expired}`,
    `  requests      ${requests} (${failures} failed and were made again)`,
  ];
  if (error !== undefined) {
    const message = escapeText(error.message, LOG_VALUE_CHARACTERS_MAX);
    lines.push(`  last failure  ${error.code}: ${message}${at(error.epochUs)}`);
  }
  return `${lines.join('\n')}\n`;
}

function formatLetters(endpoints: Endpoints, webhook: string): string {
  refuseUnknown(endpoints, webhook);
  const letters = endpoints.reader.letters(webhook);
  if (letters.length === 0) return `${webhook} has refused no event that is kept.\n`;
  return letters
    .map(({ eventUuid, refusedEpochUs, isToSend, reason }) => {
      const why = escapeText(reason, LOG_VALUE_CHARACTERS_MAX);
      return `${time(refusedEpochUs)}  ${eventUuid}  ${isToSend ? 'to be sent again, ' : ''}${why}\n`;
    })
    .join('');
}

function refuseUnknown(endpoints: Endpoints, webhook: string): void {
  if (endpoints.reader.status(webhook) !== undefined) return;
  throw new OperatingError(
    'webhook_unknown',
    `there is no webhook ${webhook}; sentrypeer webhook status shows them`,
  );
}

function events(count: number): string {
  return count === 1 ? '1 event' : `${count} events`;
}

function at(epochUs: number | undefined): string {
  return epochUs === undefined ? '' : `, ${time(epochUs)}`;
}

function time(epochUs: number): string {
  return `${new Date(epochUs / 1000).toISOString().slice(0, 19)}Z`;
}
