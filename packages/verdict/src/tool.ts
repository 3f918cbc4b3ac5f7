// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What attack tools call themselves in User-Agent, lower case, and their names. */
const TOOLS: readonly (readonly [string, string])[] = [
  ['friendly-scanner', 'SIPVicious'],
  ['friendly-request', 'SIPVicious'],
  ['sipvicious', 'SIPVicious'],
  ['sip-scan', 'sip-scan'],
  ['sipcli', 'sipcli'],
  ['pplsip', 'sippts'],
  ['sippts', 'sippts'],
  ['sipsak', 'sipsak'],
  ['nmap nse', 'nmap'],
  ['sundayddr', 'sundayddr'],
  ['vaxsipuseragent', 'VaxSIPUserAgent'],
  ['iwar', 'iWar'],
  ['sivus', 'SiVuS'],
  ['smap', 'smap'],
  ['gulp', 'gulp'],
];

/** The attack tool that a User-Agent names, `undefined` where it names none that is known. */
export function toolOf(userAgent: string): string | undefined {
  const lower = userAgent.slice(0, 64).toLowerCase();
  return TOOLS.find(([word]) => lower.startsWith(word))?.[1];
}
