"""fragment_cases.py - IP fragments: of kernels on paths too narrow, and of those who mean harm."""
import socket
import time

import packets
import peers
from cases import case

IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0


def ask(host, address, data, expected):
    """One question by UDP, and its answer."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with host.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(3)
        if family == socket.AF_INET:
            line.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        line.bind(("", 5001))
        line.sendto(data, (address, 5000))
        assert line.recv(65536) == expected


ECHO = """
import socket
line = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
line.bind(("::", 5000))
while True:
    data, who = line.recvfrom(65536)
    line.sendto(data[::-1], who)
"""


@case("fragment/udp_ipv4.pcap", "UDP datagrams of 100 to 9,000 bytes and their answers over an MTU "
      "of 1,500")
def udp_ipv4(lab, name):
    udp_echo(lab, name, "10.0.1.2")


@case("fragment/udp_ipv6.pcap", "the same over IPv6, with fragment headers")
def udp_ipv6(lab, name):
    udp_echo(lab, name, "fd00:1::2")


def udp_echo(lab, name, address):
    client, server = lab.pair(ipv6=True)
    server.start("/usr/bin/python3", "-c", ECHO)
    time.sleep(0.3)
    with lab.capture(client, "server", name):
        for size in (100, 1472, 1473, 4000, 9000):
            data = peers.pattern(size)
            ask(client, address, data, data[::-1])


@case("fragment/tcp_narrow_path.pcap", "a router with an MTU of 600 behind it: TCP segments "
      "without DF arrive in fragments")
def tcp_narrow_path(lab, name):
    client, router, server = lab.host("client"), lab.host("router"), lab.host("server")
    lab.link(client, router, mtu=600)
    lab.link(router, server)
    client.sysctl("net.ipv4.ip_no_pmtu_disc", 1)
    server.sysctl("net.ipv4.ip_no_pmtu_disc", 1)
    router.sysctl("net.ipv4.ip_forward", 1)
    client.ip("route", "add", "default", "via", "10.0.1.2", "advmss", "1460")
    server.ip("route", "add", "default", "via", "10.0.2.1")
    peers.nginx(lab, server, {"big.bin": peers.pattern(20_000)})
    with lab.capture(client, "router", name):
        client.run("curl", "-sS", "-o", "/dev/null", "-o", "/dev/null",
                   "http://10.0.2.2/big.bin", "http://10.0.2.2/")


@case("fragment/path_mtu.pcap", "the same path with DF: ICMP says that fragmentation is needed, "
      "and TCP sends less at a time")
def path_mtu(lab, name):
    client, router, server = lab.host("client"), lab.host("router"), lab.host("server")
    lab.link(client, router, mtu=600)
    lab.link(router, server)
    router.sysctl("net.ipv4.ip_forward", 1)
    client.ip("route", "add", "default", "via", "10.0.1.2", "advmss", "1460")
    server.ip("route", "add", "default", "via", "10.0.2.1")
    peers.nginx(lab, server, {"big.bin": peers.pattern(20_000)})
    with lab.capture(server, "router", name):
        client.run("curl", "-sS", "-o", "/dev/null", "http://10.0.2.2/big.bin")


CLIENT, SERVER = "10.0.1.1", "10.0.1.2"


def piece(scene, data, identification, offset, more, protocol=17, after=0.001):
    scene.frame(packets.ethernet(packets.ipv4(data, CLIENT, SERVER, protocol, identification,
                                              offset, more)), after)


@case("fragment/hostile_ipv4.pcap", "teardrop, an overlap that changes bytes, a duplicate, a tiny "
      "first fragment, one that would end past 64 kB, a hole never filled, an identification used "
      "twice; one honest datagram at the end")
def hostile_ipv4(lab, name):
    scene = packets.Scene()
    honest = packets.udp(peers.pattern(2000), CLIENT, SERVER, (5001, 5000))

    piece(scene, honest[:1000], 1, 0, True)  # teardrop: the second lies within the first
    piece(scene, honest[24:28], 1, 24, False)
    piece(scene, honest[:800], 2, 0, True)  # the overlap says something else
    piece(scene, b"X" * 400, 2, 600, True)
    piece(scene, honest[800:], 2, 800, False)
    piece(scene, honest[:800], 3, 0, True)
    piece(scene, honest[:800], 3, 0, True)
    piece(scene, honest[800:], 3, 800, False)
    piece(scene, honest[:8], 4, 0, True)  # nothing but the UDP header
    piece(scene, honest[8:], 4, 8, False)
    piece(scene, honest[:1000], 5, 0, True)
    piece(scene, b"Z" * 1000, 5, 65_528, False)
    piece(scene, honest[:800], 6, 0, True)  # 800 to 1,200 never comes
    piece(scene, honest[1200:], 6, 1200, False)
    piece(scene, honest[:800], 7, 0, True)
    piece(scene, honest[800:], 7, 800, False)
    piece(scene, honest[:800], 7, 0, True)
    piece(scene, honest[800:], 7, 800, False)
    piece(scene, honest[1600:], 8, 1600, False)  # last first
    piece(scene, honest[800:1600], 8, 800, True)
    piece(scene, honest[:800], 8, 0, True)
    lab.save(name, scene)


@case("fragment/hostile_ipv6.pcap", "overlapping fragments, for which RFC 5722 discards the whole "
      "datagram; atomic fragments, which are none; one honest datagram")
def hostile_ipv6(lab, name):
    scene = packets.Scene()
    ends = ("fd00:1::1", "fd00:1::2")
    honest = packets.udp(peers.pattern(2000), *ends, (5001, 5000))
    small = packets.udp(b"atomic", *ends, (5001, 5000))

    def part(data, identification, offset, more):
        scene.frame(packets.ethernet(packets.ipv6_fragment(data, *ends, 17, identification, offset,
                                                           more), 0x86DD), 0.001)

    part(honest[:1000], 1, 0, True)
    part(honest[992:], 1, 992, False)
    part(small, 2, 0, False)
    part(small, 2, 0, False)
    part(honest[:1000], 3, 0, True)
    part(honest[1000:], 3, 1000, False)
    lab.save(name, scene)

