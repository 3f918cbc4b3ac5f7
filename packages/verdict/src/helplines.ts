// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Helplines and poison centres that have an ordinary or toll-free number, without a plus. Calls to them must not be
 * lost, so calls at a honeypot never lead to their being refused. Taken from what the services publish; more belong on
 * the allowlist.
 */
const HELPLINES: ReadonlySet<string> = new Set([
  // Australia: Kids Helpline, 1800RESPECT, Lifeline, Poisons Information Centre.
  '611800551800',
  '611800737732',
  '61131114',
  '61131126',
  // Canada: Kids Help Phone.
  '18006686868',
  // Germany: TelefonSeelsorge, Hilfetelefon Gewalt gegen Frauen, Giftnotruf Berlin.
  '498001110111',
  '498001110222',
  '498000116016',
  '493019240',
  // Netherlands: 113 Zelfmoordpreventie.
  '318000113',
  // New Zealand: Lifeline Aotearoa.
  '64800543354',
  // Sweden: Giftinformationscentralen.
  '46104566700',
  // United Kingdom: Childline, National Domestic Abuse Helpline.
  '448001111',
  '448082000247',
  // United States: suicide prevention, poison control, domestic violence, sexual assault, child abuse, missing
  // children, the Trevor Project.
  '18002738255',
  '18002221222',
  '18007997233',
  '18006564673',
  '18004224453',
  '18008435678',
  '18664887386',
]);

/** @param e164 Without its plus. */
export function isHelpline(e164: string): boolean {
  return HELPLINES.has(e164);
}

export function helplines(): Iterable<string> {
  return HELPLINES;
}
