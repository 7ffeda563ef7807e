"""finding_cases.py - faults of TCP that rules find, and what comes close: kernels and programs make
them, a relay or a firewall helps where a line has to be bad.

captures/findings.tsv says what is found in each.
"""
import contextlib
import random
import socket
import threading
import time

import packets
import peers
from cases import case
from packets import SYN
from relay import Path

CLIENT, SERVER = "10.0.1.1", "10.0.1.2"
SCANNER = "10.0.1.66"


def connect(host, port, address=SERVER, source=None, seconds=5.0):
    line = host.socket()
    line.settimeout(seconds)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if source:
        line.bind((source, 0))
    line.connect((address, port))
    return line


def ask(line, path, *more):
    line.sendall(peers.get(path, "shop.test", "1.1", *more))
    return peers.read_response(line)


def visit(host, port=80, paths=("/",), **how):
    """A connection with an exchange for each path, closed by the client."""
    with connect(host, port, **how) as line:
        for path in paths:
            ask(line, path)


def silent_visits(host, port, count, pause=0.0, **how):
    """Connections that are opened and closed without a word."""
    for _ in range(count):
        connect(host, port, **how).close()
        time.sleep(pause)


def until_closed(line):
    """A service that says nothing, and closes when its client has."""
    with contextlib.suppress(OSError), line:
        peers.read_until(line, b"")


def drop(host, hook, what):
    """The host's firewall drops, without a word, what matches."""
    host.run("nft", f"add table ip wall; add chain ip wall gate {{ type filter hook {hook} priority "
             f"0; }}; add rule ip wall gate {what} drop")


def foreign(client, server, network):
    """The client's host owns that network, too, and the server finds the way."""
    client.ip("route", "add", "local", network, "dev", "lo")
    server.ip("route", "add", network, "via", CLIENT)


def flood(host, sources, count, seconds, target=SERVER, port=80):
    """SYNs by a raw socket: nobody means to go on with any of them."""
    chance = random.Random(1)
    with host.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for _ in range(count):
            source = chance.choice(sources) if isinstance(sources, list) else sources(chance)
            syn = packets.tcp(b"", source, target, (chance.randrange(1024, 65536), port),
                              chance.randrange(2**32), flags=SYN, options=packets.Talk.MSS)
            raw.sendto(packets.ipv4(syn, source, target), (target, 0))
            time.sleep(seconds / count)


def invented(chance):
    return f"{chance.randrange(11, 200)}.{chance.randrange(256)}.{chance.randrange(256)}.9"


def flooded(lab, name, sources, cookies=1, listens=True, backlog=128):
    """A server that is flooded for a second, and four honest visits in that time."""
    client, server = lab.pair()
    server.ip("route", "add", "default", "via", CLIENT)
    server.sysctl("net.ipv4.tcp_syncookies", cookies)
    server.sysctl("net.ipv4.tcp_max_syn_backlog", backlog)
    client.ip("address", "add", f"{SCANNER}/24", "dev", "server")
    # Whoever floods from an address of his own keeps his kernel from answering.
    drop(client, "output", f"ip saddr {SCANNER} tcp flags & rst == rst")
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"),
                            backlog=backlog) if listens else None
    if service:
        visit(client)
    flooding = threading.Thread(target=flood, args=(client, sources, 240, 1.0))
    with lab.capture(server, "client", name):
        flooding.start()
        for number in range(4):
            time.sleep(0.25)
            with contextlib.suppress(OSError):
                visit(client, paths=(f"/honest/{number}",))
        flooding.join()
    if service:
        service.join()


@case("attack/syn_flood.pcap", "240 SYNs from as many invented addresses in a second at a "
      "listener without SYN cookies, whose queue holds some hundred; four honest visits in that "
      "time")
def syn_flood(lab, name):
    flooded(lab, name, invented, cookies=0)


@case("attack/syn_flood_cookies.pcap", "the same with SYN cookies and a queue of sixteen: each SYN "
      "is answered, and honest visitors notice nothing")
def syn_flood_cookies(lab, name):
    flooded(lab, name, invented, backlog=16)


@case("attack/syn_flood_one_source.pcap", "240 SYNs from one host that lets none of them come to "
      "anything")
def syn_flood_one_source(lab, name):
    flooded(lab, name, [SCANNER])


@case("attack/syn_flood_closed_port.pcap", "the flood at a port where nobody listens: a reset for "
      "each")
def syn_flood_closed_port(lab, name):
    flooded(lab, name, invented, listens=False)


@case("attack/backscatter.pcap", "the other side of a flood: a server elsewhere answers SYNs that "
      "bear our addresses, by SYN-ACKs and by resets; one visit is honest")
def backscatter(lab, name):
    client, server, flooder = lab.host("client"), lab.host("server"), lab.host("flooder")
    lab.link(client, server)
    lab.link(server, flooder)
    foreign(client, server, "10.1.0.0/24")
    for interface in ("all", "client", "flooder"):
        server.sysctl(f"net.ipv4.conf.{interface}.rp_filter", 0)
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"))
    ours = [f"10.1.0.{number}" for number in range(1, 9)]
    with lab.capture(client, "server", name):
        flood(flooder, ours, 100, 1.0, target="10.0.2.1")
        flood(flooder, ours, 20, 0.2, target="10.0.2.1", port=81)
        visit(client)
    service.join()


@case("attack/idle_scan.pcap", "how an idle scan reads a zombie's counter: SYN-ACKs from port after "
      "port to one of its own, and a reset for each")
def idle_scan(lab, name):
    client, server = lab.pair()
    chance = random.Random(1)
    with lab.capture(server, "client", name):
        with client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            for number in range(30):
                probe = packets.tcp(b"", CLIENT, SERVER, (47_517 + number, 2869),
                                    chance.randrange(2**32), chance.randrange(2**32),
                                    flags=SYN | packets.ACK, options=packets.Talk.MSS)
                raw.sendto(packets.ipv4(probe, CLIENT, SERVER), (SERVER, 0))
                time.sleep(0.02)


@case("findings/busy_service.pcap", "180 clients within 1.2 s, each with a connection of its own "
      "that is completed: busy, not flooded")
def busy_service(lab, name):
    client, server = lab.pair()
    foreign(client, server, "10.1.0.0/24")
    service = peers.Service(server, 80, until_closed)
    with lab.capture(client, "server", name):
        for number in range(180):
            silent_visits(client, 80, 1, 0.005, source=f"10.1.0.{number + 1}")
    service.join()


@case("findings/port_scan.pcap", "a SYN scan of forty ports: most refuse, a firewall drops some, "
      "two are open and reset at once")
def port_scan(lab, name):
    client, server = lab.pair()
    client.ip("address", "add", f"{SCANNER}/24", "dev", "server")
    drop(server, "input", "tcp dport { 20, 32, 44, 56, 68, 92, 104, 116, 128 }")
    services = [peers.Service(server, port, peers.answering(lambda path: b"ok\n"))
                for port in (80, 41)]
    with lab.capture(client, "server", name):
        for number in range(40):
            flood(client, [SCANNER], 1, 0.01, port=20 + 3 * number)
        visit(client)
    for service in services:
        service.join()


@case("findings/host_sweep.pcap", "one host tries port 445 of forty others: seven are there, one "
      "of them is open")
def host_sweep(lab, name):
    client, server = lab.pair()
    there = range(0, 40, 6)
    for number in range(40):
        address = f"10.0.1.{number + 100}"
        if number in there:
            server.ip("address", "add", f"{address}/24", "dev", "client")
        else:
            client.ip("neighbour", "add", address, "lladdr", "02:00:00:00:01:77", "dev", "server")
    service = peers.Service(server, 445, until_closed, address="10.0.1.112")
    with lab.capture(client, "server", name):
        for number in range(40):
            line = client.socket()
            line.setblocking(False)
            line.connect_ex((f"10.0.1.{number + 100}", 445))
            time.sleep(0.02)
            peers.reset(line)
    service.join()


@case("findings/health_checks.pcap", "a balancer that looks after twenty servers and four ports of "
      "each: opened, and closed without a word")
def health_checks(lab, name):
    client, server = lab.pair()
    addresses = [f"10.0.1.{number + 100}" for number in range(20)]
    for address in addresses:
        server.ip("address", "add", f"{address}/24", "dev", "client")
    ports = (80, 81, 8080, 8443)
    services = [peers.Service(server, port, until_closed) for port in ports]
    with lab.capture(client, "server", name):
        for address in addresses:
            for port in ports:
                silent_visits(client, port, 1, 0.02, address=address)
    for service in services:
        service.join()


def short_connections(lab, name, count, pause):
    client, server = lab.pair()
    service = peers.Service(server, 80, until_closed)
    with lab.capture(client, "server", name, snaplen=66):
        silent_visits(client, 80, count, pause)
    service.join()


@case("findings/time_wait.pcap.zst", "1,050 short connections in a few seconds, each closed by the "
      "client first: its sockets rest in TIME_WAIT, all at once")
def time_wait(lab, name):
    short_connections(lab, name, 1050, 0.001)


@case("findings/time_wait_spread.pcap", "120 of them over two and a half minutes: most have rested "
      "before the last ones come")
def time_wait_spread(lab, name):
    short_connections(lab, name, 120, 1.25)


@case("findings/close_wait.pcap", "the server closes five connections; the client's application "
      "never closes its side in 70 s, in which another one goes on")
def close_wait(lab, name):
    client, server = lab.pair()
    once = peers.Service(server, 8080, peers.answering(lambda path: b"bye\n", once=True))
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"))
    with lab.capture(client, "server", name):
        forgotten = [connect(client, 8080) for _ in range(5)]
        for line in forgotten:
            ask(line, "/")
        with connect(client, 80) as other:
            for number in range(8):
                ask(other, f"/{number}")
                time.sleep(9)
    for line in forgotten:
        line.close()
    once.join()
    service.join()


def idle(lab, name, forgets):
    """Three connections that are used again after 15 s."""
    client, server, carrier = lab.relayed_pair(there=Path(0.01), back=Path(0.01))
    carrier.forgets = forgets
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"))
    with lab.capture(client, "server", name):
        lines = [connect(client, 80) for _ in range(3)]
        for line in lines:
            ask(line, "/first")
        time.sleep(15)
        for line in lines:
            with contextlib.suppress(OSError), line:
                ask(line, "/second")
            time.sleep(0.2)
    service.join()


@case("findings/idle_reset.pcap", "three connections that are used again after 15 s: a middlebox "
      "forgets after 10 s and resets, with a hop count of its own")
def idle_reset(lab, name):
    idle(lab, name, forgets=10)


@case("findings/idle_used.pcap", "connections that are used again after 15 s and answered")
def idle_used(lab, name):
    idle(lab, name, forgets=0)


@case("findings/reset_storm.pcap", "thirty connections whose server resets them in the middle of "
      "the answer, within three seconds")
def reset_storm(lab, name):
    client, server = lab.pair()

    def crash(line):
        peers.read_until(line, b"\r\n\r\n")
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nthe first line\n")
        time.sleep(0.05)
        peers.reset(line)

    service = peers.Service(server, 80, crash)
    with lab.capture(client, "server", name):
        for _ in range(30):
            with contextlib.suppress(OSError):
                visit(client, paths=("/report",))
            time.sleep(0.03)
    service.join()


@case("findings/few_resets.pcap", "thirty health checks that reset in place of closing, without a "
      "word; and four resets among thirty visits")
def few_resets(lab, name):
    client, server = lab.pair()
    silent = peers.Service(server, 8080, until_closed)
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"))
    with lab.capture(client, "server", name):
        for _ in range(30):
            peers.reset(connect(client, 8080))
            time.sleep(0.02)
        for number in range(30):
            line = connect(client, 80)
            ask(line, "/")
            if number % 8:
                line.close()
            else:
                peers.reset(line)
    silent.join()
    service.join()


@case("findings/probes_unanswered.pcap", "an idle connection whose line is cut: six keep-alives, "
      "three seconds apart, and no answer")
def probes_unanswered(lab, name):
    client, server, carrier = lab.relayed_pair(there=Path(0.005), back=Path(0.005))
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"))
    with lab.capture(client, "server", name):
        line = connect(client, 80)
        for option, value in ((socket.TCP_KEEPIDLE, 3), (socket.TCP_KEEPINTVL, 3),
                              (socket.TCP_KEEPCNT, 9)):
            line.setsockopt(socket.IPPROTO_TCP, option, value)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        ask(line, "/")
        time.sleep(0.2)
        for path in carrier.paths:
            path.dead = True
        time.sleep(19)
    for path in carrier.paths:
        path.dead = False
    line.close()
    service.join()


@case("findings/path_mtu_blackhole.pcap", "the handshake and the request pass, what is larger than "
      "1,400 bytes never does: timeouts that back off, and no ICMP")
def path_mtu_blackhole(lab, name):
    client, server, _ = lab.relayed_pair(there=Path(0.01), back=Path(0.01, largest=1400))
    service = peers.Service(server, 80, peers.answering(lambda path: peers.pattern(9000)))
    with lab.capture(server, "client", name), connect(client, 80, seconds=7) as line:
        with contextlib.suppress(OSError):
            ask(line, "/large")
        peers.reset(line)
    service.join()


@case("findings/accept_queue_full.pcap", "a listener with a queue of two whose application is busy "
      "for 1.5 s: the server drops the SYNs of five clients, which try again")
def accept_queue_full(lab, name):
    client, server = lab.pair()
    waiting = peers.listener(server, 80, backlog=2)
    with lab.capture(client, "server", name):
        lines = []
        for _ in range(8):
            line = client.socket()
            line.setblocking(False)
            line.connect_ex((SERVER, 80))
            lines.append(line)
            time.sleep(0.01)
        time.sleep(1.5)
        accepted = [waiting.accept()[0] for _ in lines]
        for line in accepted + lines:
            line.close()
    waiting.close()


@case("findings/filtered_port.pcap", "a firewall drops what goes to port 8081: SYN after SYN, and no "
      "answer; port 80 beside it answers")
def filtered_port(lab, name):
    client, server = lab.pair()
    drop(server, "input", "tcp dport 8081")
    service = peers.Service(server, 80, peers.answering(lambda path: b"ok\n"))
    with lab.capture(client, "server", name):
        with contextlib.suppress(TimeoutError):
            connect(client, 8081, seconds=7.5)
        visit(client)
    service.join()
