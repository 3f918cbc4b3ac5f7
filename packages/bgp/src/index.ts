// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  BLACKHOLE,
  formatCommunity,
  NO_EXPORT,
  parseCommunity,
  type Community,
} from './community.ts';
export {
  COMMUNITIES_COUNT_MAX,
  CONNECT_RETRY_S_DEFAULT,
  FLOW_PORT_RANGES_MAX,
  HOLD_TIME_S_DEFAULT,
  NEIGHBOUR_PREFIXES_DEFAULT,
  NEIGHBOURS_COUNT_MAX,
  OUTPUT_OCTETS_DEFAULT,
  RESTART_TIME_S_DEFAULT,
  TABLE_PREFIXES_MAX,
} from './limits.ts';
export type {
  CloseOptions,
  FlowRule,
  GracefulRestart,
  NeighbourLimits,
  NeighbourOptions,
  NextHops,
  SpeakerOptions,
} from './options.ts';
export type {
  BgpPorts,
  Connection,
  ConnectionHandler,
  ConnectTarget,
  Listening,
  ListenPlace,
} from './ports.ts';
export { Speaker } from './speaker.ts';
export type {
  MessageCounts,
  NeighbourStatus,
  SessionError,
  SessionState,
  SpeakerStatus,
} from './status.ts';
