// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Local addresses that get separate UDP sockets, 1 and above. Chosen: far more than a host with containers has, and
 * with 8 sockets each still below a common limit of open files (4,096).
 */
export const UDP_ADDRESSES_MAX = 256;

/** Sockets on one local address, 1 and above. Chosen: with 4 MiB each the kernel holds up to 32 MiB for a burst. */
export const UDP_SOCKETS_PER_ADDRESS_MAX = 8;

/**
 * Octets of the receive buffer to request for each UDP socket. Chosen: 4 MiB hold about 5,000 requests of 400 octets
 * (the kernel counts about 800 for each), a pause of 100 ms at 50,000 per second.
 */
export const UDP_RECEIVE_BUFFER_OCTETS = 4_194_304;

/**
 * Octets of the smallest receive buffer to request; if that fails, the system's default is kept (about 208 KiB on
 * Linux).
 */
export const UDP_RECEIVE_BUFFER_OCTETS_MIN = 262_144;

/**
 * Octets that may wait in one UDP socket for the network; more are dropped and counted. Chosen: about 2,600 answers,
 * more than the slowest uplink we expect sends in a second.
 */
export const UDP_SEND_QUEUE_OCTETS_MAX = 1_048_576;

/**
 * Milliseconds between two checks of the machine's addresses, 10 and above. Chosen: a new address is listened on within
 * seconds, and a check takes well below 1 ms.
 */
export const ADDRESSES_FOLLOW_MS = 5000;

/**
 * Connections that the kernel has accepted and not yet handed over. Chosen: above a burst of scanners; Linux cuts it to
 * net.core.somaxconn (4,096).
 */
export const LISTEN_BACKLOG = 1024;

/**
 * Milliseconds from the connection to the end of the TLS handshake. Chosen: several round trips over a bad mobile link.
 */
export const HANDSHAKE_MS_MAX = 10_000;

/**
 * Milliseconds from a message's first octet to its last. Chosen: a slow sender of single octets holds no message open
 * for longer.
 */
export const MESSAGE_MS_MAX = 10_000;

/**
 * Milliseconds of silence before a message's first octet. Chosen: nmap's scripts pause about 5 s, and the
 * keep-alives of RFC 5626 §4.4.1 come from clients that were told an interval, which ours are not.
 */
export const IDLE_MS_MAX = 30_000;

/** Milliseconds that a connection may last in total. Chosen: an hour, as long as a registration lasts. */
export const CONNECTION_MS_MAX = 3_600_000;

/**
 * Octets that may wait for a peer that does not read, beyond the kernel's buffer; then the connection is destroyed.
 * Chosen: about 200 answers.
 */
export const STREAM_SEND_QUEUE_OCTETS_MAX = 131_072;

/**
 * Milliseconds between the decision to close a connection and the end of what we send, so that an answer still gets out
 * and a peer that is not a SIP client sees no instant reaction. Chosen: a round trip over a slow link, and short enough
 * that a person does not notice.
 */
export const CLOSE_PAUSE_MS = 500;

/**
 * Milliseconds in which the peer must end the connection after we have ended it; then it is destroyed. Chosen: two
 * retransmissions of a lost segment.
 */
export const CLOSE_GRACE_MS = 2000;

/**
 * First octets of a TLS handshake that are kept as evidence until it has succeeded. Chosen: a ClientHello
 * with post-quantum key shares takes about 1,800.
 */
export const HANDSHAKE_OCTETS_KEPT_MAX = 2048;

/**
 * Octets within which the ClientHello of a TLS client must end for its fingerprint to be recorded; otherwise the
 * handshake continues without one. Chosen: the largest record (RFC 8446 §5.1).
 */
export const CLIENT_HELLO_OCTETS_MAX = 16_384;

/** Characters of a server name that a TLS client asks for, RFC 1035 §2.3.4. */
export const SERVER_NAME_CHARACTERS_MAX = 255;

/** Octets of an HTTP request that may ask for a WebSocket. Chosen: as much as common servers read of one (8 KiB). */
export const UPGRADE_HEAD_OCTETS_MAX = 8192;

/** Octets of one message in a WebSocket, as on a stream; of a longer one the first are read, and the connection ends. */
export const WEB_SOCKET_MESSAGE_OCTETS_MAX = 98_304;

/**
 * Octets of unfinished messages on all streams of one thread; the connection that exceeds this is not read further, and
 * its message is recorded unfinished. Chosen: some 350 of the longest messages.
 */
export const STREAMS_WAITING_OCTETS_MAX = 33_554_432;

/** Datagrams per second to one IPv4 /24 or IPv6 /64. Chosen: 5 busy sources. */
export const REPLIES_PER_NETWORK_PER_SECOND_MAX = 100;

/** Datagrams to one IPv4 /24 or IPv6 /64 in one burst. Chosen: five busy sources. */
export const REPLIES_PER_NETWORK_BURST_MAX = 1000;

/**
 * Seconds' worth of octets for all sources together that may be sent in one burst. Chosen: a scan begins with a burst,
 * and an uplink takes two seconds of it without harm.
 */
export const REPLY_OCTETS_BURST_SECONDS = 2;

/**
 * Sources, or networks, whose reply budget is remembered. Chosen: about 100 octets each, so 6.5 MB; more forged sources
 * push out those that were idle longest, and the limit for all together still holds.
 */
export const TOKEN_BUCKETS_MAX = 65_536;

/** Characters of a program's command line that an error message shows. Chosen: half a line. */
export const HOLDER_COMMAND_CHARACTERS_MAX = 60;

assert(MESSAGE_MS_MAX <= IDLE_MS_MAX, 'a slow message ends before a silent peer');
assert(IDLE_MS_MAX < CONNECTION_MS_MAX, 'silence ends before the life of a connection');
assert(UDP_RECEIVE_BUFFER_OCTETS_MIN < UDP_RECEIVE_BUFFER_OCTETS, 'buffers shrink');

/** Octets of a certificate with its chain, and of its key. Chosen: many times the longest chain. */
export const PEM_FILE_OCTETS_MAX = 1_048_576;
