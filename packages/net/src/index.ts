// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  ensureCertificate,
  readCertificate,
  type Certificate,
  type CertificatePaths,
} from './certificate.ts';
export type { ClientHello } from './client-hello.ts';
export { ConnectionQuota, type ConnectionLimit } from './connection-quota.ts';
export { filesAdvice } from './files-advice.ts';
export type { Frame, Framer } from './framer.ts';
export { assertPortFree, reusePortWorks } from './free-port.ts';
export { KernelDrops } from './kernel-drops.ts';
export { machineAddresses, machineHasIpv6, type LocalAddress } from './local-addresses.ts';
export type { SocketPlace } from './port-holder.ts';
export { isRepliable, type OwnAddresses } from './repliable.ts';
export { ReplyLimiter } from './reply-limiter.ts';
export type { StreamConnection, StreamPath, StreamTransport } from './stream-connection.ts';
export { hasSocketTables } from './socket-table.ts';
export {
  StreamListener,
  type StreamCounts,
  type StreamEvidence,
  type StreamLimits,
  type StreamOptions,
  type StreamPorts,
} from './stream-listener.ts';
export type { TlsOptions } from './tls-acceptor.ts';
export { UdpListener, type UdpOptions, type UdpPorts } from './udp-listener.ts';
export type { OnDatagram, UdpCounts, UdpSocket } from './udp-socket.ts';
export { WebSocketFramer } from './web-socket/web-socket-framer.ts';
