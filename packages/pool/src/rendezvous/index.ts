// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { type ContactEndpoint, type NodeContact } from './contact.ts';
export { Rendezvous, type RendezvousPorts } from './rendezvous.ts';
