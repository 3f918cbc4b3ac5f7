// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { WebhookOptions } from '@sentrypeer/delivery';
import { WEBHOOK_LIMITS } from '@sentrypeer/delivery/settings';
import { derivedOption, option } from './option.ts';
import { countType, pathType, sizeType, switchType } from './value-types.ts';
import {
  choicesType,
  choiceType,
  secretType,
  signingSecretType,
  textType,
  urlsType,
  urlType,
} from './webhook-types.ts';

type Choice = WebhookOptions['choice'];

const GRADES: readonly Choice['grade'][] = ['seen', 'returned', 'handshake'];
const ORIGINS: readonly Choice['origin'][] = ['own', 'all'];
const BODIES: readonly ('json' | 'form')[] = ['json', 'form'];
const MEMBERS: readonly Choice['omit'][number][] = ['sip_message', 'destination_ip'];

/** What each endpoint may set separately, in a table of the file; the keys there lack the word webhook. */
export const ENDPOINT_OPTIONS = {
  webhookBatchEventsMax: option({
    group: 'webhook',
    long: 'webhook-batch',
    type: countType('COUNT', 1, WEBHOOK_LIMITS.batchEventsMax),
    unit: 'events',
    defaultValue: 1,
    doc: 'Events in one request; above 1 each request carries a JSON array, else an object.',
  }),
  webhookBatchWaitMs: option({
    group: 'webhook',
    long: 'webhook-batch-wait',
    type: countType('MS', 0, WEBHOOK_LIMITS.batchWaitMsMax),
    unit: 'milliseconds',
    defaultValue: 1_000,
    doc: 'How long to collect events for one request.',
  }),
  webhookParallel: option({
    group: 'webhook',
    long: 'webhook-parallel',
    type: countType('COUNT', 1, WEBHOOK_LIMITS.parallelMax),
    unit: 'requests',
    defaultValue: 1,
    doc: 'Requests in flight at a time; above 1 events may arrive out of order.',
  }),
  webhookGzip: option({
    group: 'webhook',
    long: 'webhook-gzip',
    type: switchType,
    defaultValue: false,
    doc: 'Compress requests (Content-Encoding: gzip).',
  }),
  webhookGrade: option({
    group: 'webhook',
    long: 'webhook-grade',
    type: choiceType(GRADES),
    defaultValue: 'seen',
    doc: 'Send events of this grade or a better one; see docs/architecture.md.',
  }),
  webhookOrigin: option({
    group: 'webhook',
    long: 'webhook-origin',
    type: choiceType(ORIGINS),
    defaultValue: 'own',
    doc: 'Send only what this node received, or also what others delivered to it.',
  }),
  webhookOmit: derivedOption({
    group: 'webhook',
    long: 'webhook-omit',
    type: choicesType(MEMBERS),
    defaultText: 'none',
    doc: 'Members to replace with NOT_FOUND, because they reveal where the honeypot is.',
  }),
  webhookTimeoutSeconds: option({
    group: 'webhook',
    long: 'webhook-timeout',
    type: countType('SECONDS', 1, WEBHOOK_LIMITS.timeoutMsMax / 1000),
    unit: 'seconds',
    defaultValue: 10,
    doc: 'How long a request and its answer may take.',
  }),
  webhookCaFile: derivedOption({
    group: 'webhook',
    long: 'webhook-ca-file',
    type: pathType,
    defaultText: 'only what this machine trusts',
    doc: 'Certificates of a private authority (PEM), to trust as well.',
  }),
  webhookSecret: derivedOption({
    group: 'webhook',
    long: 'webhook-secret',
    type: signingSecretType,
    defaultText: 'no signature',
    doc: 'Secret to sign requests as Standard Webhooks says (HMAC-SHA-256); better use --webhook-secret-file.',
  }),
  webhookSecretFile: derivedOption({
    group: 'webhook',
    long: 'webhook-secret-file',
    type: pathType,
    defaultText: 'none',
    doc: 'File with that secret.',
  }),
  oauth2ClientId: derivedOption({
    group: 'webhook',
    long: 'oauth2-client-id',
    short: 'i',
    type: textType,
    defaultText: 'no OAuth2',
    doc: 'OAuth2 client id: requests carry a token that is obtained and renewed for it.',
  }),
  oauth2ClientSecret: derivedOption({
    group: 'webhook',
    long: 'oauth2-client-secret',
    short: 'c',
    type: secretType,
    defaultText: 'none',
    doc: 'Secret of the client; better use --oauth2-client-secret-file.',
  }),
  oauth2ClientSecretFile: derivedOption({
    group: 'webhook',
    long: 'oauth2-client-secret-file',
    type: pathType,
    defaultText: 'none',
    doc: 'File with that secret.',
  }),
  oauth2TokenUrl: option({
    group: 'webhook',
    long: 'oauth2-token-url',
    type: urlType,
    defaultValue: new URL('https://authz.sentrypeer.com/oauth/token'),
    doc: 'Where to fetch tokens.',
  }),
  oauth2Audience: option({
    group: 'webhook',
    long: 'oauth2-audience',
    type: textType,
    defaultValue: 'https://sentrypeer.com/api',
    doc: 'Audience of the token; empty leaves it out.',
  }),
  oauth2Scope: derivedOption({
    group: 'webhook',
    long: 'oauth2-scope',
    type: textType,
    defaultText: 'none',
    doc: 'Scope of the token.',
  }),
  oauth2Body: option({
    group: 'webhook',
    long: 'oauth2-body',
    type: choiceType(BODIES),
    defaultValue: 'json',
    doc: 'Ask for a token with JSON as SentryPeer 4.x does, or with a form (RFC 6749).',
  }),
} as const;

/** Options of webhooks; those of `ENDPOINT_OPTIONS` apply to the addresses given by the first. */
export const WEBHOOK_OPTIONS = {
  webhookUrls: derivedOption({
    group: 'webhook',
    long: 'webhook-url',
    short: 'w',
    type: urlsType,
    defaultText: 'none',
    doc: 'Post every event to this URL as JSON; events that it does not accept wait and are sent again.',
  }),
  ...ENDPOINT_OPTIONS,
  webhookBacklogOctets: option({
    group: 'webhook',
    long: 'webhook-backlog-max',
    type: sizeType(0),
    unit: 'octets',
    defaultValue: 2 ** 30,
    doc: 'How far the database may grow beyond --db-size-max for events that an endpoint has not accepted yet.',
  }),
} as const;
