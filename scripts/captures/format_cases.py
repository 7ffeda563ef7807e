"""format_cases.py - the same exchanges in every kind of file, and in files that broke.

All are made of captures/http1/no_body.pcap, so that their records are its records.
"""
import dataclasses
import gzip
import struct

import packets
from cases import case
from lab import CAPTURES

ORIGIN = "http1/no_body.pcap"
TEXT = 1  # pcapng's option for a comment


def original():
    return packets.read_pcap(CAPTURES / ORIGIN)


def write(name, content):
    path = CAPTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@case("format/big_endian.pcap", "big-endian pcap with microseconds")
def big_endian(_, name):
    parts = [struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for one in original().packets:
        seconds, fraction = divmod(one.time, 10**9)
        parts.append(struct.pack(">IIII", seconds, fraction // 1000, len(one.data), one.length))
        parts.append(one.data)
    write(name, b"".join(parts))


@case("format/modified.pcap", "pcap of the patched libpcap of old, with eight more bytes a packet")
def modified(_, name):
    parts = [struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)]
    for one in original().packets:
        seconds, fraction = divmod(one.time, 10**9)
        parts.append(struct.pack("<IIIIIHBB", seconds, fraction // 1000, len(one.data), one.length,
                                 2, 0x0800, 0, 0))
        parts.append(one.data)
    write(name, b"".join(parts))


@case("format/gzip.pcap.gz", "compressed by gzip, in two members")
def gzipped(_, name):
    content = (CAPTURES / ORIGIN).read_bytes()
    write(name, b"".join(gzip.compress(part, mtime=0) for part in (content[:3000], content[3000:])))


@case("format/zstd.pcap.zst", "compressed by zstd")
def zstd(lab, name):
    write(name, lab.host("packer").run("zstd", "-q", "-19", "-c",
                                       input=(CAPTURES / ORIGIN).read_bytes()))


def pcapng_blocks(order, kept, name):
    """A section: two interfaces, packets in turn on each, by every kind of packet block."""
    def option(code, value):
        return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def block(kind, body, *options):
        body += bytes(-len(body) % 4) + b"".join(options)
        body += option(0, b"") if options else b""
        length = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + length + body + length

    yield block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1),
                option(TEXT, b"a comment on the section"))
    yield block(1, struct.pack(order + "HHI", 1, 0, 0), option(2, name + b"0"))  # microseconds
    yield block(1, struct.pack(order + "HHI", 1, 0, 9000), option(2, name + b"1"),
                option(9, b"\x94"))  # 2^-20 of a second
    yield block(4, struct.pack(order + "HH", 1, 14) + bytes([10, 0, 1, 2]) + b"shop.test\0" +
                bytes(2) + struct.pack(order + "HH", 0, 0))
    yield block(0x0BAD, struct.pack(order + "I", 32473) + b"whatever")  # nobody's
    for number, one in enumerate(kept):
        interface = number % 2
        ticks = one.time // 1000 if interface == 0 else (one.time << 20) // 10**9
        stamp = struct.pack(order + "II", ticks >> 32, ticks & 0xFFFFFFFF)
        sizes = struct.pack(order + "II", len(one.data), one.length)
        if number % 5 == 4:  # the obsolete Packet Block
            yield block(2, struct.pack(order + "HH", interface, 0xFFFF) + stamp + sizes + one.data)
        else:
            note = [option(TEXT, b"packet %d" % number)] if number % 7 == 0 else []
            yield block(6, struct.pack(order + "I", interface) + stamp + sizes + one.data, *note)
    for interface in (0, 1):
        last = kept[-1].time // 1000 if interface == 0 else (kept[-1].time << 20) // 10**9
        yield block(5, struct.pack(order + "III", interface, last >> 32, last & 0xFFFFFFFF),
                    option(4, struct.pack(order + "Q", len(kept))),
                    option(5, struct.pack(order + "Q", 3)))


def sections():
    everything = original().packets
    half = len(everything) // 2
    return [*pcapng_blocks("<", everything[:half], b"left"),
            *pcapng_blocks(">", everything[half:], b"right")]


@case("format/sections.pcapng", "two sections, one little-endian and one big-endian, each with two "
      "interfaces of unlike resolution, comments, names, statistics (3 packets dropped), an "
      "unknown block, and old packet blocks")
def two_sections(_, name):
    write(name, b"".join(sections()))


@case("format/cut_short.pcap", "a pcap that ends in the middle of a packet: what came before is "
      "reported")
def cut_short(_, name):
    capture = original()
    capture.packets = capture.packets[:-9]
    packets.write_pcap(CAPTURES / name, capture)
    write(name, (CAPTURES / name).read_bytes()[:-20])


@case("format/damaged.pcapng", "a pcapng in which a block says that it is 3 bytes long")
def damaged(_, name):
    blocks = sections()
    broken = len(blocks) // 3
    blocks[broken] = blocks[broken][:4] + struct.pack("<I", 3) + blocks[broken][8:]
    write(name, b"".join(blocks))


@case("format/out_of_order.pcap", "packets whose time goes back: every tenth is 5 ms early")
def out_of_order(_, name):
    capture = original()
    capture.packets = [dataclasses.replace(one, time=one.time - 5_000_000) if i % 10 == 9 else one
                       for i, one in enumerate(capture.packets)]
    packets.write_pcap(CAPTURES / name, capture)


@case("format/empty.pcap", "a pcap without packets")
def empty(_, name):
    packets.write_pcap(CAPTURES / name, packets.Capture([]))
