"""packets.py - capture files as lists of packets, and packets written byte by byte.

For what no kernel can be brought to send, and for what only a capture does: lose, repeat, begin
late.
"""
import dataclasses
import ipaddress
import struct

ETHERNET, LINUX_SLL, RAW, LINUX_SLL2 = 1, 113, 101, 276
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32

_PCAP_NANOSECONDS = 0xA1B23C4D


@dataclasses.dataclass
class Packet:
    """`time` in nanoseconds; `length` on the wire, where the capture kept less."""

    time: int
    data: bytes
    length: int = 0

    def __post_init__(self):
        self.length = self.length or len(self.data)


@dataclasses.dataclass
class Capture:
    packets: list
    linktype: int = ETHERNET
    snaplen: int = 262144


def read_pcap(path):
    """A little-endian nanosecond pcap, as tcpdump here writes it."""
    content = path.read_bytes()
    magic, _, _, _, _, snaplen, linktype = struct.unpack_from("<IHHiIII", content)
    if magic != _PCAP_NANOSECONDS:
        raise ValueError(f"{path} is no nanosecond pcap")
    found, offset = [], 24
    while offset < len(content):
        seconds, fraction, kept, length = struct.unpack_from("<IIII", content, offset)
        offset += 16
        found.append(Packet(seconds * 10**9 + fraction, content[offset:offset + kept], length))
        offset += kept
    return Capture(found, linktype, snaplen)


def write_pcap(path, capture):
    parts = [struct.pack("<IHHiIII", _PCAP_NANOSECONDS, 2, 4, 0, 0, capture.snaplen,
                         capture.linktype)]
    for packet in capture.packets:
        parts.append(struct.pack("<IIII", *divmod(packet.time, 10**9), len(packet.data),
                                 packet.length))
        parts.append(packet.data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))


def _block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def _option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def write_pcapng(path, captures, names, tls_keys=b""):
    """One section; an interface for each capture, nanoseconds; packets in order of time.

    `tls_keys`: a key log, put into a decryption secrets block before the packets.
    """
    end = _option(0, b"")
    blocks = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for capture, name in zip(captures, names):
        blocks.append(_block(1, struct.pack("<HHI", capture.linktype, 0, capture.snaplen) +
                             _option(2, name.encode()) + _option(9, b"\x09") + end))
    if tls_keys:
        blocks.append(_block(10, struct.pack("<II", 0x544C534B, len(tls_keys)) + tls_keys))
    everything = [(packet.time, number, packet) for number, capture in enumerate(captures)
                  for packet in capture.packets]
    for _, number, packet in sorted(everything, key=lambda one: one[:2]):
        blocks.append(_block(6, struct.pack("<IIIII", number, packet.time >> 32,
                                            packet.time & 0xFFFFFFFF, len(packet.data),
                                            packet.length) + packet.data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(blocks))


def checksum(data):
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(payload, kind=0x0800, source=1, destination=2):
    return (bytes([2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source]) +
            struct.pack("!H", kind) + payload)


def ipv4(payload, source, destination, protocol=6, identification=0, fragment=0, more=False,
         ttl=64):
    """`fragment` is the offset in bytes."""
    field = (0x2000 if more else 0) | fragment // 8
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, field, ttl,
                       protocol, 0, ipaddress.ip_address(source).packed,
                       ipaddress.ip_address(destination).packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6_fragment(payload, source, destination, protocol, identification, fragment, more):
    """`fragment` is the offset in bytes."""
    extension = struct.pack("!BBHI", protocol, 0, fragment | more, identification)
    return (struct.pack("!IHBB", 6 << 28, 8 + len(payload), 44, 64) +
            ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed +
            extension + payload)


def _pseudo(source, destination, protocol, length):
    return (ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed +
            struct.pack("!IBBH", length, 0, 0, protocol))  # any order of these words sums alike


def udp(payload, source, destination, ports):
    head = struct.pack("!HHHH", *ports, 8 + len(payload), 0)
    total = checksum(_pseudo(source, destination, 17, len(head + payload)) + head + payload)
    return head[:6] + struct.pack("!H", total or 0xFFFF) + payload


def tcp(payload, source, destination, ports, sequence, acknowledgment=0, flags=ACK, window=64240,
        options=b"", spoil=0):
    """`spoil` is added to the checksum."""
    options += b"\x01" * (-len(options) % 4)
    head = struct.pack("!HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, acknowledgment & 0xFFFFFFFF,
                       (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options
    total = checksum(_pseudo(source, destination, 6, len(head + payload)) + head + payload)
    return head[:16] + struct.pack("!H", (total + spoil) & 0xFFFF) + head[18:] + payload


def is_tcp(frame):
    """An Ethernet frame of IPv4 and TCP."""
    return frame[12:14] == b"\x08\x00" and frame[23] == 6


def tcp_payload(frame):
    """The TCP payload of such a frame."""
    start = 14 + (frame[14] & 15) * 4
    end = 14 + struct.unpack_from("!H", frame, 16)[0]
    return frame[start + (frame[start + 12] >> 4) * 4:end]


def reset_for(frame, ttl):
    """The reset that answers such a frame, as somebody between the two hosts makes it."""
    source, destination = frame[26:30], frame[30:34]
    ports = struct.unpack_from("!HH", frame, 34)
    reset = tcp(b"", destination, source, ports[::-1], struct.unpack_from("!I", frame, 42)[0],
                flags=RST)
    return (frame[6:12] + frame[:6] + frame[12:14] + ipv4(reset, destination, source, ttl=ttl))


def shift_sequence(frame, sequence, acknowledgment):
    """The same segment with numbers moved on, checksum and all; SACK blocks are not touched."""
    start = 14 + (frame[14] & 15) * 4
    end = 14 + struct.unpack_from("!H", frame, 16)[0]
    segment = bytearray(frame[start:end])
    for offset, step in ((4, sequence), (8, acknowledgment)):
        number = struct.unpack_from("!I", segment, offset)[0]
        if offset == 4 or segment[13] & ACK:
            struct.pack_into("!I", segment, offset, (number + step) & 0xFFFFFFFF)
    segment[16:18] = b"\0\0"
    pseudo = frame[26:34] + struct.pack("!BBH", 0, 6, len(segment))
    struct.pack_into("!H", segment, 16, checksum(pseudo + bytes(segment)))
    return frame[:start] + bytes(segment) + frame[end:]


class Scene:
    """Packets in the order of a story; time moves only when told."""

    def __init__(self, start=1_795_000_000_000_000_000):
        self.now = start
        self.packets = []

    def wait(self, seconds):
        self.now += round(seconds * 10**9)

    def frame(self, data, after=0.0001):
        self.wait(after)
        self.packets.append(Packet(self.now, data))


class Talk:
    """A TCP connection of a Scene, written segment by segment; client first."""

    MSS = b"\x02\x04\x05\xb4"

    def __init__(self, scene, client, server, ports, start=(1000, 5000)):
        self.scene = scene
        self.ends = [(client, ports[0], 1), (server, ports[1], 2)]
        self.next = list(start)

    def segment(self, side, payload=b"", flags=ACK, at=None, spoil=0, options=b"", ttl=64,
                after=0.0001):
        """Sends from side 0 or 1; `at` overrides the sequence number, and then nothing advances."""
        source, destination = self.ends[side], self.ends[1 - side]
        sequence = self.next[side] if at is None else at
        other = self.next[1 - side] if flags & ACK else 0
        body = tcp(payload, source[0], destination[0], (source[1], destination[1]), sequence, other,
                   flags, options=options, spoil=spoil)
        self.scene.frame(ethernet(ipv4(body, source[0], destination[0], ttl=ttl),
                                  source=source[2], destination=destination[2]), after)
        if at is None:
            self.next[side] += len(payload) + bool(flags & SYN) + bool(flags & FIN)

    def open(self):
        self.segment(0, flags=SYN, options=self.MSS)
        self.segment(1, flags=SYN | ACK, options=self.MSS)
        self.segment(0)

    def say(self, side, payload):
        self.segment(side, payload, PSH | ACK)
        self.segment(1 - side)

    def close(self):
        self.segment(0, flags=FIN | ACK)
        self.segment(1, flags=FIN | ACK)
        self.segment(0)
