// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Persona } from '../persona.ts';
import { BY_THE_BOOK, REALMS, sameLayouts, USUAL_CHALLENGE } from './shared.ts';

/** OpenSIPS. Source: captures published by users; not compared with a running one. */
export const OPENSIPS: Persona = {
  ...BY_THE_BOOK,
  name: 'opensips',
  productHeader: 'Server',
  products: [
    'OpenSIPS (3.2.10 (x86_64/linux))',
    'OpenSIPS (3.3.3 (x86_64/linux))',
    'OpenSIPS (3.6.8 (x86_64/linux))',
  ],
  tagShape: 'hex-dot-hash',
  layouts: {
    ...sameLayouts(['own', 'body', 'Server']),
    options: ['Allow', 'Supported', 'Accept', 'own', 'Server'],
  },
  challenge: { ...USUAL_CHALLENGE, nonce: 'hex-24', realms: REALMS, qop: false, invite: 407 },
  allow: [
    'INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE, INFO, REFER',
    'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, INFO, UPDATE',
  ],
  supported: 'path',
  accept: '*/*',
  reasons: new Map([[100, 'Giving it a try']]),
  session: { origin: '-', originOfOffer: false, name: '-', attributes: [] },
};
