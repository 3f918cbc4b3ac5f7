// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { SimulatedNetwork, type Host, type SimulatedNetworkOptions } from './simulated-network.ts';
