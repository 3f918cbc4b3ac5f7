// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync } from 'node:crypto';
import { silentLogger, systemClock, type Logger, type Random } from '@sentrypeer/kernel';
import type { SpeakerOptions } from '../options.ts';
import type { BgpPorts } from '../ports.ts';
import { Speaker } from '../speaker.ts';
import { connectTcp, listenTcp } from './tcp-connection.ts';

export interface OpenSpeakerOptions extends SpeakerOptions {
  /** @default silent */
  readonly logger?: Logger;
  /** Replacements for tests, such as a clock that runs faster. @default none */
  readonly ports?: Partial<BgpPorts>;
}

const random: Random = { fill: (octets) => randomFillSync(octets) };

/**
 * A BGP speaker on TCP sockets of this machine.
 *
 * @throws OperatingError `bgp_options`, `port_taken`, `port_forbidden`, `address_unknown` or `port_unusable`, with
 * nothing left open.
 */
export function openSpeaker(options: OpenSpeakerOptions): Promise<Speaker> {
  const ports: BgpPorts = {
    clock: systemClock,
    random,
    logger: options.logger ?? silentLogger,
    wakeAfter: (waitMs, run) => {
      const timeout = setTimeout(run, Math.ceil(waitMs));
      return () => clearTimeout(timeout);
    },
    connect: connectTcp,
    listen: listenTcp,
    ...options.ports,
  };
  return Speaker.open(ports, options);
}
