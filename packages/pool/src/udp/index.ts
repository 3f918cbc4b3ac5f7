// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { MULTICAST_SCOPES, openMulticast, type MulticastScope } from './open-multicast.ts';
