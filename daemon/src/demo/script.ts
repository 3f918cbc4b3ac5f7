// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ALLOW } from '../commands/allow.ts';
import type { Command } from '../commands/command.ts';
import { EXPLAIN } from '../commands/explain.ts';
import { LISTINGS } from '../commands/listings.ts';
import { assert } from '@sentrypeer/kernel';
import { TcpAttacker, UdpAttacker } from './attacker.ts';
import type { Play } from './play.ts';

/* Addresses from RFC 5737, which belong to nobody. */
const FORGED = '192.0.2.66';
const SCANNER = '203.0.113.7';
const CALLER = '198.51.100.23';

/** A premium number from a range that Ofcom reserves for drama. */
const NUMBER = '+449098790123';
const FORMS = ['00449098790123', '900449098790123', '9011449098790123'];

/** One in four exists, different ones on each node. */
const EXTENSIONS = Array.from({ length: 60 }, (_, index) => String(100 + index));
const SCAN = 'friendly-scanner';

/** What the demo shows, in the order in which it happens to a node. */
export async function playScript(play: Play): Promise<void> {
  await play.say(
    'One OPTIONS over UDP. Anybody can write any sender on a datagram, so this alone lists nobody.',
  );
  {
    using forger = await UdpAttacker.open(play.stage, FORGED, play.ports.udp);
    await forger.ask({ method: 'OPTIONS', user: '100', userAgent: SCAN });
  }
  await play.events(1);
  await play.run(EXPLAIN, FORGED);

  await play.say(
    'A scanner looks for an extension, then tries a password there. To answer our challenge it must have received it:\nits address is proved.',
  );
  let count = 0;
  {
    using scanner = await UdpAttacker.open(play.stage, SCANNER, play.ports.udp);
    count = await scanner.tryPassword(EXTENSIONS, '1234', SCAN);
  }
  await play.events(count);
  await play.listed({ kind: 'address', value: SCANNER }, true);
  await play.run(EXPLAIN, SCANNER);

  await play.say('Another one calls a premium number over TCP, with every prefix that might work.');
  {
    using caller = await TcpAttacker.open(play.stage, CALLER, play.ports.tcp);
    for (const user of FORMS) await caller.ask({ method: 'INVITE', user, userAgent: 'pplsip' });
  }
  await play.events(FORMS.length);
  await play.listed({ kind: 'address', value: CALLER }, true);
  await play.listed({ kind: 'number', value: NUMBER.slice(1) }, true);
  await play.run(LISTINGS);
  await play.run(EXPLAIN, NUMBER);

  await play.say('Your firewall fetches the addresses; your PBX asks before it dials.');
  await play.ask('/v1/lists/ip-addresses.txt');
  await play.ask(`/numbers/${FORMS[0]}`);

  await play.say('It was your own branch office after all. What you allow is off every list.');
  await play.run(named('allow add'), CALLER, '30d', 'our branch office');
  await play.listed({ kind: 'address', value: CALLER }, false);
  await play.run(EXPLAIN, CALLER);
  await play.ask('/v1/lists/ip-addresses.txt');
}

function named(name: string): Command {
  const found = ALLOW.find((command) => command.name === name);
  assert(found !== undefined, 'command_named');
  return found;
}
