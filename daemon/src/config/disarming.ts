// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IPV4_OFFSET_BITS, isIpv4, parsePrefix } from '@sentrypeer/ip';
import { isWide, parseAllowed } from '@sentrypeer/verdict';
import type { Config, ConfigOrigins } from './config.ts';

/** Networks wider than this contain strangers, whatever was meant. 10.0.0.0/8 and fc00::/7 are private. */
const WIDE_IPV4_BITS = 8;
const WIDE_IPV6_BITS = 7;

/**
 * Settings that remove a protection: allowed, because there may be a reason, but never silently. One sentence each,
 * with the consequence and what would be right.
 */
export function disarmingSettings(config: Config, origins: ConfigOrigins): readonly string[] {
  const { sipAgent, sipAgentPeers = [], api, apiTrustedProxies = [], lookupLevels } = config;
  const { ownNumbers = [], responsive, replyOctetsPerSecond } = config;
  const warnings: string[] = [];
  for (const network of sipAgent === false ? [] : sipAgentPeers.filter(isEverybody)) {
    warnings.push(
      `${origins.sipAgentPeers.text}: ${network} lets strangers ask the SIP agent, which tells them what is listed and where your calls go: name your PBX alone`,
    );
  }
  for (const network of api ? apiTrustedProxies.filter(isEverybody) : []) {
    warnings.push(
      `${origins.apiTrustedProxies.text}: ${network} lets whoever connects say which address he has, this machine's too, so keys and limits of the API protect nothing: name your proxy alone`,
    );
  }
  if (api && config.apiCorsOrigin === '*') {
    warnings.push(
      `${origins.apiCorsOrigin.text}: * lets every web page that somebody here opens read the API: name your site alone`,
    );
  }
  const family = (['hq', 'apiban'] as const).find((one) => lookupLevels[one] !== 'listed');
  if (api && family !== undefined) {
    const level = lookupLevels[family];
    const who = family === 'hq' ? 'SentryPeerHQ hang up on' : 'APIBAN block';
    const how = level === 'known' ? 'one forged packet' : 'any stranger who shares';
    warnings.push(
      `${origins.lookupLevels.text}: clients of ${who} what is ${level}, which ${how} can bring about: leave it at ${family}=listed`,
    );
  }
  for (const number of ownNumbers.filter(isMostNumbers)) {
    warnings.push(
      `${origins.ownNumbers.text}: ${number} is so wide that hardly any number is ever listed: name your own numbers`,
    );
  }
  if (responsive && replyOctetsPerSecond === 0) {
    warnings.push(
      `${origins.replyOctetsPerSecond.text}: without a ceiling a flood with forged senders is answered as fast as it comes: set one`,
    );
  }
  return warnings;
}

export function isEverybody(text: string): boolean {
  const network = parsePrefix(text);
  if (network === undefined) return false;
  const { base, length } = network;
  return length >= IPV4_OFFSET_BITS && isIpv4(base)
    ? length - IPV4_OFFSET_BITS < WIDE_IPV4_BITS
    : length < WIDE_IPV6_BITS;
}

function isMostNumbers(text: string): boolean {
  const allowed = parseAllowed(text);
  return allowed !== undefined && isWide(allowed);
}
