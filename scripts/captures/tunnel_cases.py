"""tunnel_cases.py - link layers and tunnels: what is around IP, with the same talk inside.

The kernel's own devices where this one has them (VXLAN, loopback, any). For the others the ends
talk over a plain line, and a monitor sees their frames with the headers of the case around them.
"""
import dataclasses
import socket
import struct

import packets
import peers
from cases import case

OUTER = ("192.0.2.1", "192.0.2.2")


def small_talk(client, server, address="10.0.1.2"):
    """What every case here carries: two exchanges on a connection, a 404, a refused port."""
    host = f"[{address}]" if ":" in address else address
    client.run("curl", "-sS", "-g", "-o", "/dev/null", "-o", "/dev/null",
               f"http://{host}/a.css", f"http://{host}/")
    client.run("curl", "-sS", "-g", "-o", "/dev/null", f"http://{host}/missing")
    with client.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as line:
        line.connect_ex((address, 81))


def carried(lab, name, wrap, ipv6=False):
    client, server, monitor = lab.mirrored_pair(wrap, ipv6)
    peers.nginx(lab, server, {"a.css": peers.pattern(3000)})
    with lab.capture(monitor, "mirror", name):
        small_talk(client, server, "fd00:1::2" if ipv6 else "10.0.1.2")


def between_routers(direction, payload, kind=0x0800):
    """A frame from one tunnel end to the other."""
    return packets.ethernet(payload, kind, *((0x11, 0x12) if direction == 0 else (0x12, 0x11)))


def outer_ipv4(direction, payload, protocol):
    source, destination = OUTER if direction == 0 else OUTER[::-1]
    return between_routers(direction, packets.ipv4(payload, source, destination, protocol))


def outer_udp(direction, payload, port):
    source, destination = OUTER if direction == 0 else OUTER[::-1]
    return outer_ipv4(direction, packets.udp(payload, source, destination, (50_000, port)), 17)


@case("link/vlan.pcap", "802.1Q, VLAN 100")
def vlan(lab, name):
    carried(lab, name, lambda _, frame: frame[:12] + b"\x81\x00\x00\x64" + frame[12:])


@case("link/qinq.pcap", "802.1ad: service tag 200 around customer tag 100")
def qinq(lab, name):
    carried(lab, name, lambda _, frame: frame[:12] + b"\x88\xa8\x00\xc8\x81\x00\x00\x64" +
            frame[12:])


@case("link/two_vlans.pcap", "the same addresses and ports in VLAN 10 and in VLAN 20: three "
      "connections in each, not three in all")
def two_vlans(lab, name):
    carried(lab, name, lambda _, frame: frame[:12] + b"\x81\x00\x00\x0a" + frame[12:])

    def and_again(all_packets):
        other = [dataclasses.replace(one, time=one.time + 300_000,
                                     data=one.data[:15] + b"\x14" + one.data[16:])
                 for one in all_packets]
        return sorted(all_packets + other, key=lambda one: one.time)

    lab.edit(name, and_again)


@case("link/mpls.pcap", "two MPLS labels over IPv4")
def mpls(lab, name):
    labels = struct.pack("!II", 16_001 << 12 | 63, 299_776 << 12 | 1 << 8 | 63)
    carried(lab, name, lambda _, frame: frame if frame[12:14] != b"\x08\x00" else
            frame[:12] + b"\x88\x47" + labels + frame[14:])


@case("link/pppoe.pcap", "a PPPoE session")
def pppoe(lab, name):
    def wrap(_, frame):
        if frame[12:14] != b"\x08\x00":
            return frame
        head = struct.pack("!BBHHH", 0x11, 0, 0x2A, len(frame) - 12, 0x0021)
        return frame[:12] + b"\x88\x64" + head + frame[14:]

    carried(lab, name, wrap)


@case("link/cooked_v1.pcap", "the interface `any` as Linux cooked capture v1")
def cooked_v1(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"a.css": peers.pattern(3000)})
    with lab.capture(client, "any", name, linktype="LINUX_SLL"):
        small_talk(client, server)


@case("link/cooked_v2.pcap", "the interface `any` as Linux cooked capture v2")
def cooked_v2(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"a.css": peers.pattern(3000)})
    with lab.capture(client, "any", name, linktype="LINUX_SLL2"):
        small_talk(client, server)


@case("link/loopback.pcap", "Linux's loopback: Ethernet without addresses, segments of 64 kB")
def loopback(lab, name):
    server = lab.host("server")
    peers.nginx(lab, server, {"a.css": peers.pattern(90_000)})
    with lab.capture(server, "lo", name):
        small_talk(server, server, "127.0.0.1")


@case("link/bsd_loopback.pcap", "IPv4 and IPv6 with BSD's loopback header, put there in place of "
      "Ethernet's")
def bsd_loopback(lab, name):
    client, server = lab.pair(ipv6=True)
    peers.nginx(lab, server, {"a.css": peers.pattern(3000)})
    with lab.capture(client, "server", name, "tcp"):
        small_talk(client, server)
        small_talk(client, server, "fd00:1::2")

    def without_ethernet(all_packets):
        family = {b"\x08\x00": 2, b"\x86\xdd": 30}
        return [packets.Packet(one.time, struct.pack("<I", family[one.data[12:14]]) +
                               one.data[14:]) for one in all_packets]

    lab.edit(name, without_ethernet, linktype=0)


@case("link/raw.pcap", "raw IPv4 and IPv6 in one file, as a TUN device has it; Ethernet's header "
      "was cut off")
def raw(lab, name):
    client, server = lab.pair(ipv6=True)
    peers.nginx(lab, server, {"a.css": peers.pattern(3000)})
    with lab.capture(client, "server", name, "tcp"):
        small_talk(client, server)
        small_talk(client, server, "fd00:1::2")
    lab.edit(name, lambda all_packets: [packets.Packet(one.time, one.data[14:])
                                        for one in all_packets], linktype=packets.RAW)


@case("tunnel/vxlan.pcap", "VXLAN 42 between two hosts, made by the kernel")
def vxlan(lab, name):
    client, server = lab.pair(mtu=1500)
    for host, own, other, wire in ((client, 1, 2, "server"), (server, 2, 1, "client")):
        host.ip("link", "add", "vx", "type", "vxlan", "id", 42, "dev", wire,
                "remote", f"10.0.1.{other}", "dstport", 4789)
        host.ip("link", "set", "vx", "address", f"02:00:00:00:99:0{own}", "mtu", 1450, "up")
        host.ip("address", "add", f"10.9.0.{own}/24", "dev", "vx")
    peers.nginx(lab, server, {"a.css": peers.pattern(3000)})
    with lab.capture(client, "server", name):
        small_talk(client, server, "10.9.0.2")


@case("tunnel/geneve.pcap", "GENEVE 7 with an option, Ethernet inside")
def geneve(lab, name):
    head = struct.pack("!BBHI", 2, 0, 0x6558, 7 << 8) + b"\x01\x02\x80\x01\xde\xad\xbe\xef"
    carried(lab, name, lambda way, frame: outer_udp(way, head + frame, 6081))


@case("tunnel/gre.pcap", "GRE over IPv4, IPv4 inside")
def gre(lab, name):
    carried(lab, name, lambda way, frame: frame if frame[12:14] != b"\x08\x00" else
            outer_ipv4(way, b"\0\0\x08\0" + frame[14:], 47))


@case("tunnel/gre_key.pcap", "GRE with checksum, key and sequence number, Ethernet inside")
def gre_key(lab, name):
    count = [0, 0]

    def wrap(way, frame):
        count[way] += 1
        rest = struct.pack("!II", 0x1234, count[way]) + frame
        total = packets.checksum(struct.pack("!HHHH", 0xB000, 0x6558, 0, 0) + rest)
        return outer_ipv4(way, struct.pack("!HHHH", 0xB000, 0x6558, total, 0) + rest, 47)

    carried(lab, name, wrap)


@case("tunnel/ipip.pcap", "IPv4 in IPv4")
def ipip(lab, name):
    carried(lab, name, lambda way, frame: frame if frame[12:14] != b"\x08\x00" else
            outer_ipv4(way, frame[14:], 4))


@case("tunnel/6in4.pcap", "IPv6 in IPv4")
def six_in_four(lab, name):
    carried(lab, name, lambda way, frame: frame if frame[12:14] != b"\x86\xdd" else
            outer_ipv4(way, frame[14:], 41), ipv6=True)


@case("tunnel/vxlan_in_vlan.pcap", "a tag around VXLAN around a tag")
def vxlan_in_vlan(lab, name):
    head = struct.pack("!II", 0x08000000, 99 << 8)

    def wrap(way, frame):
        inner = frame[:12] + b"\x81\x00\x00\x07" + frame[12:]
        outer = outer_udp(way, head + inner, 4789)
        return outer[:12] + b"\x81\x00\x00\x64" + outer[12:]

    carried(lab, name, wrap)
