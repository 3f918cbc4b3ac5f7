// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Persona } from '../persona.ts';
import { BY_THE_BOOK, sameLayouts, USUAL_CHALLENGE } from './shared.ts';

const USUAL = ['Server', 'own', 'body'];

/** Cisco IOS as a SIP gateway. Source: captures published by users; not compared with a running one. */
export const CISCO_IOS: Persona = {
  ...BY_THE_BOOK,
  name: 'cisco',
  productHeader: 'Server',
  products: [
    'Cisco-SIPGateway/IOS-12.x',
    'Cisco-SIPGateway/IOS-15.2.4.M2',
    'Cisco-SIPGateway/IOS-15.2.4.M3',
    'Cisco-SIPGateway/IOS-15.3.3.M4',
    'Cisco-SIPGateway/IOS-16.6.1',
    'Cisco-SIPGateway/IOS-17.12.4',
  ],
  tagShape: 'upper-hex',
  layouts: {
    ...sameLayouts(USUAL),
    options: ['Server', 'Allow', 'Supported', 'Accept', 'own'],
  },
  challenge: { ...USUAL_CHALLENGE, realms: ['all', 'cisco', 'voip', 'cme'] },
  allow: [
    'INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY, INFO, REGISTER',
  ],
  supported: '100rel,resource-priority,replaces',
  accept: 'application/sdp',
  session: {
    origin: 'CiscoSystemsSIP-GW-UserAgent',
    originOfOffer: false,
    name: 'SIP Call',
    attributes: [],
  },
};
