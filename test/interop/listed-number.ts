// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { until, type DaemonProcess } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';

/** As attackers dialled it: a premium number, which one proved caller gets listed. */
export const DIALLED_AT_HONEYPOT = '900449012345678';
/** The same number, as a telephone dials it. */
export const LISTED = '00449012345678';
/** A number that nobody called. */
export const CLEAN = '0046701740605';

/** An attacker calls the number at the honeypot. */
export async function callHoneypot(daemon: DaemonProcess): Promise<void> {
  using attacker = await StreamPeer.open(daemon.ports.tcp, '127.10.0.9');
  await attacker.send(sipRequest({ method: 'INVITE', user: DIALLED_AT_HONEYPOT }));
  await daemon.recorded(1);
}

/** The same, and waits until it is listed. */
export async function listNumber(daemon: DaemonProcess): Promise<void> {
  await callHoneypot(daemon);
  await until('the number to be listed', async () => {
    const response = await fetch(`http://127.0.0.1:${daemon.ports.api}/v1/check?number=${LISTED}`);
    return ((await response.json()) as { readonly verdict: string }).verdict === 'listed';
  });
}
