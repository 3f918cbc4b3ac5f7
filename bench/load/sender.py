# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
"""
Sends SIP requests over UDP from many loopback addresses and prints how many it sent, as JSON.

  python3 bench/load/sender.py --port 5060 --seconds 10 [--rate 40000] [--sources 1000] [--distinct] [--kind options]

All requests are made ahead of time, and one sendmmsg(2) sends a batch of them, each from another source address
(IP_PKTINFO): some 2 microseconds of the processor a datagram, most of them the kernel's. Without --rate it sends as
fast as it can. With --distinct no two requests call the same number; without it each source calls one number again
and again, as floods do: only Via and Call-ID differ. Answers are not read: the kernel drops them.
"""

import argparse
import ctypes
import json
import socket
import struct
import time

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=5060)
parser.add_argument("--seconds", type=float, default=10)
parser.add_argument("--rate", type=int, default=0, help="requests a second; 0: as many as it can")
parser.add_argument("--sources", type=int, default=1000)
parser.add_argument("--source-network", default="127.1", help="two octets, in which this machine has all addresses")
parser.add_argument("--distinct", action="store_true")
parser.add_argument("--kind", choices=("options", "invite", "register"), default="options")
parser.add_argument("--first-number", type=int, default=0)
args = parser.parse_args()

RING_COUNT = 65_536
BATCH_COUNT = 64
DIGITS = 12
SOURCE_PORT = 5071
IP_PKTINFO = 8  # Linux; Python names it from 3.14 on.
LIBC = ctypes.CDLL(None, use_errno=True)
# struct msghdr and struct mmsghdr of 64-bit Linux.
MMSGHDR = struct.Struct("@PIxxxxPNPNixxxxIxxxx")
IOVEC = struct.Struct("@PN")
PKTINFO = struct.Struct("@Nii i4s4s4x")


def request() -> bytes:
    method = args.kind.upper()
    zeros = "0" * DIGITS
    return "\r\n".join(
        [
            f"{method} sip:{zeros}@127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{SOURCE_PORT};branch=z9hG4bK-{zeros};rport",
            "Max-Forwards: 70",
            f'To: "sipvicious"<sip:{zeros}@1.1.1.1>',
            'From: "sipvicious"<sip:100@1.1.1.1>;tag=37663030303030313133633401383435343730393436',
            "User-Agent: friendly-scanner",
            f"Call-ID: 319495677578{zeros}",
            f"Contact: sip:100@127.0.0.1:{SOURCE_PORT}",
            f"CSeq: 1 {method}",
            "Accept: application/sdp",
            "Content-Length: 0",
            "",
            "",
        ]
    ).encode()


class Ring:
    """Ready-made requests in one piece of memory, and the headers that sendmmsg wants."""

    def __init__(self) -> None:
        one = request()
        self.size = len(one)
        self.octets = bytearray(one * RING_COUNT)
        zeros = b"0" * DIGITS
        places = []
        at = one.find(zeros)
        while at != -1:
            places.append(at)
            at = one.find(zeros, at + DIGITS)
        to_at = one.index(b"To: ")
        call_id_at = one.index(b"Call-ID: ")
        self.numbers = [at for at in places if at < one.index(b"Via") or to_at < at < call_id_at]
        self.ids = [at for at in places if at not in self.numbers]
        per_source = [index % args.sources for index in range(RING_COUNT)]
        self.write(self.numbers, range(RING_COUNT) if args.distinct else per_source, args.first_number)
        self.write(self.ids, range(RING_COUNT), 0)
        self.headers = self.make_headers()
        self.round = 0

    def write(self, places, values, first: int) -> None:
        """Writes a value of twelve digits into each request, in all of these places, digit by digit."""
        texts = b"".join(b"%012d" % (first + value) for value in values)
        for at in places:
            for digit in range(DIGITS):
                self.octets[at + digit :: self.size] = texts[digit::DIGITS]

    def next_round(self) -> None:
        """Makes all requests new ones: a counter of three digits in front of the others."""
        self.round += 1
        for place, digit in enumerate(b"%03d" % (self.round % 1000)):
            for at in self.ids + (self.numbers if args.distinct else []):
                # The first two digits stay: a number that is dialled begins with 00.
                self.octets[at + 2 + place :: self.size] = bytes([digit]) * RING_COUNT

    def make_headers(self):
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.octets))
        self.to = ctypes.create_string_buffer(
            struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", args.port, socket.inet_aton("127.0.0.1"))
        )
        vectors = b"".join(IOVEC.pack(base + index * self.size, self.size) for index in range(RING_COUNT))
        sources = [
            socket.inet_aton(f"{args.source_network}.{index // 250}.{index % 250 + 1}") for index in range(args.sources)
        ]
        controls = b"".join(
            PKTINFO.pack(28, socket.IPPROTO_IP, IP_PKTINFO, 0, sources[index % args.sources], b"")
            for index in range(RING_COUNT)
        )
        self.vectors = ctypes.create_string_buffer(vectors, len(vectors))
        self.controls = ctypes.create_string_buffer(controls, len(controls))
        to_at = ctypes.addressof(self.to)
        vectors_at = ctypes.addressof(self.vectors)
        controls_at = ctypes.addressof(self.controls)
        headers = b"".join(
            MMSGHDR.pack(
                to_at, 16, vectors_at + index * IOVEC.size, 1, controls_at + index * PKTINFO.size, PKTINFO.size, 0, 0
            )
            for index in range(RING_COUNT)
        )
        return ctypes.create_string_buffer(headers, len(headers))


def main() -> None:
    ring = Ring()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("0.0.0.0", SOURCE_PORT))
        headers_at = ctypes.addressof(ring.headers)
        sent_count = 0
        start = time.monotonic()
        while (now := time.monotonic()) < start + args.seconds:
            if args.rate and sent_count > (now - start) * args.rate:
                time.sleep(0.0005)
                continue
            index = sent_count % RING_COUNT
            if index == 0 and sent_count:
                ring.next_round()
            count = min(BATCH_COUNT, RING_COUNT - index)
            sent = LIBC.sendmmsg(
                sender.fileno(), ctypes.c_void_p(headers_at + index * MMSGHDR.size), count, 0
            )
            if sent < 0:
                raise OSError(ctypes.get_errno(), "sendmmsg")
            sent_count += sent
        took = time.monotonic() - start
    print(json.dumps({"sentCount": sent_count, "tookSeconds": took, "perSecond": round(sent_count / took)}))


main()
