// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type { DeliveryPorts } from './ports.ts';
export { JsonLog, type JsonLogOptions } from './json-log.ts';
export { Syslog, type SyslogOptions, type SyslogTarget } from './syslog.ts';
export { HttpPoster, type ProxyVariables } from './webhook/http-poster.ts';
export { type ChangeEndpoint, type EndpointChange } from './webhook/status.ts';
export { type WebhookOptions, type WebhookReport } from './webhook/webhook.ts';
export { checkAuthorities, Webhooks } from './webhook/webhooks.ts';
