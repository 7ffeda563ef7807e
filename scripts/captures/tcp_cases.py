"""tcp_cases.py - TCP in good and bad weather: kernels talk, a relay makes the weather."""
import contextlib
import copy
import dataclasses
import socket
import struct
import threading
import time

import packets
import peers
from cases import case
from relay import Path

PORT = 7000
SERVER = ("10.0.1.2", PORT)
SITE = "http://10.0.1.2"


def download(client, *paths):
    words = []
    for path in paths:
        words += ["-o", "/dev/null", f"{SITE}/{path}"]
    client.run("curl", "-sS", *words)


def transfer(lab, name, size=100_000, at_sender=False, **weather):
    """One download through the relay, seen from one of its ends."""
    client, server, _ = lab.relayed_pair(**weather)
    peers.nginx(lab, server, {"big.bin": peers.pattern(size)})
    seen_from = (server, "client") if at_sender else (client, "server")
    with lab.capture(*seen_from, name):
        download(client, "big.bin")


@contextlib.contextmanager
def connected(client, server, address=SERVER, **options):
    """Two ends of one connection."""
    waiting = peers.listener(server, address[1], **options)
    near = client.socket()
    near.connect(address)
    far, _ = waiting.accept()
    waiting.close()
    near.settimeout(5)
    far.settimeout(5)
    try:
        yield near, far
    finally:
        near.close()
        far.close()


@case("tcp/loss_at_sender.pcap", "5 % loss both ways, 20 ms round trip, seen beside the sender: "
      "every lost segment twice")
def loss_at_sender(lab, name):
    transfer(lab, name, at_sender=True, seed=5, there=Path(0.01, loss=0.05),
             back=Path(0.01, loss=0.05))


@case("tcp/loss_at_receiver.pcap", "5 % loss, seen beside the receiver: holes that are filled "
      "later, duplicate ACKs with SACK")
def loss_at_receiver(lab, name):
    transfer(lab, name, seed=6, there=Path(0.01), back=Path(0.01, loss=0.05))


@case("tcp/loss_in_the_middle.pcap", "a monitor half way, 4 % loss before it and behind it: holes "
      "that fill later, and segments that come twice")
def loss_in_the_middle(lab, name):
    client, router, server = lab.host("client"), lab.host("router"), lab.host("server")
    weather = Path(0.008, loss=0.04)
    lab.relay(client, router, seed=11, there=weather, back=dataclasses.replace(weather))
    lab.relay(router, server, seed=13, there=dataclasses.replace(weather),
              back=dataclasses.replace(weather))
    router.sysctl("net.ipv4.ip_forward", 1)
    client.ip("route", "add", "default", "via", "10.0.1.2")
    server.ip("route", "add", "default", "via", "10.0.2.1")
    peers.nginx(lab, server, {"big.bin": peers.pattern(90_000)})
    with lab.capture(router, "client", name):
        client.run("curl", "-sS", "-o", "/dev/null", "http://10.0.2.2/big.bin")


@case("tcp/timeout.pcap", "the end of a response is lost four times: tail loss probe, then "
      "retransmission timeouts that back off")
def timeout(lab, name):
    transfer(lab, name, size=14_000, at_sender=True, there=Path(0.01),
             back=Path(0.01, drop=frozenset((10, 11, 12, 13))))


@case("tcp/spurious.pcap", "a line that holds everything back for 0.6 s: timeouts resend what was "
      "never lost, D-SACK says so")
def spurious(lab, name):
    transfer(lab, name, at_sender=True, there=Path(0.01),
             back=Path(0.01, stall_at=40, stall=0.6))


@case("tcp/reordering.pcap", "one segment in ten comes 4 ms late; nothing is lost, "
      "yet some of it is resent in haste")
def reordering(lab, name):
    transfer(lab, name, seed=3, there=Path(0.01), back=Path(0.01, reorder=0.1))


@case("tcp/network_duplicates.pcap", "one frame in ten arrives twice: the network's doing, and the "
      "receiver answers with D-SACK")
def network_duplicates(lab, name):
    transfer(lab, name, seed=4, there=Path(0.01, duplicate=0.1), back=Path(0.01, duplicate=0.1))


@case("tcp/storm.pcap", "an upload through loss, reordering, duplicates and jitter at once")
def storm(lab, name):
    client, server, _ = lab.relayed_pair(
        seed=9, there=Path(0.015, loss=0.04, duplicate=0.03, reorder=0.06, lag=0.011),
        back=Path(0.015, loss=0.03, reorder=0.05, lag=0.02))
    peers.origin(server)
    with lab.capture(server, "client", name):
        client.run("curl", "-sS", "-o", "/dev/null", "-H", "Expect:", "--data-binary", "@-",
                   "http://10.0.1.2:8080/form", input=peers.pattern(90_000))


@case("tcp/mirror_duplicates.pcap", "a mirror port that copies each frame on entry and on exit: "
      "every packet twice, 15 us apart, and nothing was resent")
def mirror_duplicates(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"big.bin": peers.pattern(40_000)})
    with lab.capture(client, "server", name):
        download(client, "big.bin", "")
    lab.edit(name, lambda all_packets: sorted(
        all_packets + [dataclasses.replace(one, time=one.time + 15_000) for one in all_packets],
        key=lambda one: one.time))


@case("tcp/routed_twice.pcap", "a router captured on all its interfaces (Linux cooked v2): each "
      "packet as it comes and as it leaves, its TTL one less")
def routed_twice(lab, name):
    client, router, server = lab.host("client"), lab.host("router"), lab.host("server")
    lab.link(client, router)
    lab.link(router, server)
    router.sysctl("net.ipv4.ip_forward", 1)
    client.ip("route", "add", "default", "via", "10.0.1.2")
    server.ip("route", "add", "default", "via", "10.0.2.1")
    peers.nginx(lab, server, {"big.bin": peers.pattern(30_000)})
    with lab.capture(router, "any", name):
        client.run("curl", "-sS", "-o", "/dev/null", "http://10.0.2.2/big.bin")


@case("tcp/reset.pcap", "four resets: by the client with data unread, by the server in place of "
      "an answer, in the middle of a body, and to data that comes after the close")
def reset(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name):
        with connected(client, server) as (near, far):
            near.sendall(peers.get("/"))
            peers.read_until(far, b"\r\n\r\n")
            far.sendall(peers.response(b"never read"))
            time.sleep(0.05)
            peers.reset(near)
            time.sleep(0.05)
        with connected(client, server) as (near, far):
            near.sendall(peers.get("/"))
            peers.read_until(far, b"\r\n\r\n")
            peers.reset(far)
            time.sleep(0.05)
        with connected(client, server) as (near, far):
            near.sendall(peers.get("/"))
            peers.read_until(far, b"\r\n\r\n")
            far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + peers.pattern(3000))
            peers.read_count(near, 2000)
            peers.reset(far)
            time.sleep(0.05)
        with connected(client, server) as (near, far):
            far.close()
            time.sleep(0.05)
            near.sendall(peers.get("/too-late"))
            time.sleep(0.05)


@case("tcp/refused.pcap", "three tries at a port where nobody listens, then one that is open")
def refused(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server)
    with lab.capture(client, "server", name):
        for _ in range(3):
            with client.socket() as line:
                line.connect_ex(("10.0.1.2", 8081))
            time.sleep(0.05)
        download(client, "")


@case("tcp/unanswered.pcap", "four SYNs, a second apart, to a host that does not answer; beside it "
      "a connection that is answered")
def unanswered(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server)
    client.ip("neighbour", "add", "10.0.1.77", "lladdr", "02:00:00:00:01:77", "dev", "server")
    with lab.capture(client, "server", name):
        with client.socket() as line:
            line.settimeout(3.4)
            with contextlib.suppress(TimeoutError):
                line.connect(("10.0.1.77", 80))
        download(client, "")


@case("tcp/syn_ack_lost.pcap", "the first answer to a SYN is lost: both are sent again after a "
      "second")
def syn_ack_lost(lab, name):
    client, server, carrier = lab.relayed_pair(there=Path(0.01), back=Path(0.01))
    peers.nginx(lab, server)
    carrier.paths[1].first = 1
    with lab.capture(server, "client", name):
        download(client, "")


@case("tcp/half_close.pcap", "the client says all it has and sends FIN; the server answers for a "
      "while longer")
def half_close(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name), connected(client, server) as (near, far):
        near.sendall(b"all that I have to say\n")
        near.shutdown(socket.SHUT_WR)
        peers.read_until(far, b"")
        for line in range(5):
            far.sendall(b"answer %d\n" % line)
            time.sleep(0.06)
        far.close()
        peers.read_until(near, b"")


@case("tcp/simultaneous_close.pcap", "both ends send FIN before they see the other's: "
      "FIN_WAIT_1, CLOSING, TIME_WAIT on both sides")
def simultaneous_close(lab, name):
    client, server, _ = lab.relayed_pair(there=Path(0.04), back=Path(0.04))
    with lab.capture(client, "server", name), connected(client, server) as (near, far):
        near.sendall(b"good night\n")
        peers.read_count(far, 11)
        time.sleep(0.1)
        near.close()
        far.close()
        time.sleep(0.2)


@case("tcp/simultaneous_open.pcap", "two hosts connect to each other's ports at once: SYN crosses "
      "SYN")
def simultaneous_open(lab, name):
    client, server, _ = lab.relayed_pair(there=Path(0.05), back=Path(0.05))
    ends = []
    for host, address in ((client, "10.0.1.1"), (server, "10.0.1.2")):
        line = host.socket()
        line.bind((address, PORT))
        line.settimeout(3)
        ends.append(line)
    host_names = (("10.0.1.2", PORT), ("10.0.1.1", PORT))
    client.run("ping", "-c1", "10.0.1.2", check=False)
    with lab.capture(client, "server", name):
        tries = [threading.Thread(target=line.connect, args=(other,))
                 for line, other in zip(ends, host_names)]
        for one in tries:
            one.start()
        for one in tries:
            one.join()
        ends[0].sendall(b"you first\n")
        peers.read_count(ends[1], 10)
        ends[1].sendall(b"no, you\n")
        peers.read_count(ends[0], 8)
        for line in ends:
            line.close()
            time.sleep(0.15)


@case("tcp/fast_open.pcap", "TCP Fast Open: a connection that asks for a cookie, then one whose "
      "SYN carries the request")
def fast_open(lab, name):
    client, server = lab.pair()
    for host in (client, server):
        host.sysctl("net.ipv4.tcp_fastopen", 3)

    def answer(line):
        peers.read_until(line, b"\r\n\r\n")
        line.sendall(peers.response(b"fast\n", "Connection: close"))
        line.close()

    service = peers.Service(server, PORT, answer,
                            options=((socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16),))
    with lab.capture(client, "server", name):
        for number in range(3):
            line = client.socket()
            line.sendto(peers.get(f"/{number}"), socket.MSG_FASTOPEN, SERVER)
            peers.read_until(line, b"")
            line.close()
            time.sleep(0.05)
        service.join()


@case("tcp/zero_window.pcap", "a reader that sleeps 1.5 s: the window closes, probes, and opens "
      "again")
def zero_window(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name):
        waiting = peers.listener(server, PORT,
                                 options=((socket.SOL_SOCKET, socket.SO_RCVBUF, 8192),))
        near = client.socket()
        near.connect(SERVER)
        far, _ = waiting.accept()
        sender = threading.Thread(target=near.sendall, args=(peers.pattern(60_000),))
        sender.start()
        time.sleep(1.5)
        peers.read_count(far, 60_000)
        sender.join()
        near.close()
        peers.read_until(far, b"")
        far.close()
        waiting.close()


def far_upload(lab, name, buffer):
    """60 kB over 60 ms to a reader that reads at once, seen beside the sender."""
    slow = Path(0.03)
    client, server, _ = lab.relayed_pair(there=copy.copy(slow), back=slow)
    with lab.capture(client, "server", name):
        waiting = peers.listener(server, PORT, options=buffer)
        near = client.socket()
        near.connect(SERVER)
        far, _ = waiting.accept()
        sender = threading.Thread(target=near.sendall, args=(peers.pattern(60_000),))
        sender.start()
        peers.read_count(far, 60_000)
        sender.join()
        near.close()
        peers.read_until(far, b"")
        far.close()
        waiting.close()


@case("tcp/window_full.pcap", "a reader that has set a buffer of 4 kB, 60 ms away: it reads at once, "
      "and still its window is full a round trip after the other")
def window_full(lab, name):
    far_upload(lab, name, ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))


@case("tcp/window_wide.pcap", "the same with the buffer that the kernel chooses")
def window_wide(lab, name):
    far_upload(lab, name, ())


@case("tcp/keep_alive.pcap", "an idle connection kept alive by probes every second, then used "
      "again")
def keep_alive(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name), connected(client, server) as (near, far):
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1)):
            near.setsockopt(socket.IPPROTO_TCP, option, value)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        near.sendall(b"hello\n")
        peers.read_count(far, 6)
        time.sleep(3.3)
        far.sendall(b"still here\n")
        peers.read_count(near, 11)


@case("tcp/half_open.pcap", "the line dies, the server forgets; what the client sends afterwards "
      "is resent, and at last answered by RST")
def half_open(lab, name):
    client, server, carrier = lab.relayed_pair(there=Path(0.005), back=Path(0.005))
    with lab.capture(client, "server", name), connected(client, server) as (near, far):
        near.sendall(b"are you there?\n")
        far.sendall(peers.read_count(far, 15))
        peers.read_count(near, 15)
        for path in carrier.paths:
            path.dead = True
        peers.reset(far)
        near.sendall(b"and now?\n")
        time.sleep(1.0)
        for path in carrier.paths:
            path.dead = False
        with contextlib.suppress(OSError):
            near.recv(100)


@case("tcp/closed_unseen.pcap", "the client closes, which the capture misses; what the server sends "
      "then is answered by RST")
def closed_unseen(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name, "tcp[tcpflags] & tcp-fin == 0"), \
            connected(client, server) as (near, far):
        near.sendall(b"are you there?\n")
        far.sendall(peers.read_count(far, 15))
        peers.read_count(near, 15)
        near.close()
        time.sleep(0.2)
        far.sendall(b"and now?\n")
        time.sleep(0.2)


@case("tcp/time_wait_reuse.pcap", "the same four numbers again while the first connection is still "
      "in TIME_WAIT: once the client closed first, once the server")
def time_wait_reuse(lab, name):
    client, server = lab.pair()
    client.sysctl("net.ipv4.tcp_tw_reuse", 1)
    waiting = peers.listener(server, PORT)

    def once(number, client_first):
        line = client.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("10.0.1.1", 40_000))
        line.connect(SERVER)
        far, _ = waiting.accept()
        line.sendall(peers.get(f"/{number}"))
        peers.read_until(far, b"\r\n\r\n")
        far.sendall(peers.response(b"%d\n" % number))
        peers.read_until(line, b"%d\n" % number)
        first, last = (line, far) if client_first else (far, line)
        first.close()
        time.sleep(0.05)
        last.close()
        time.sleep(1.1)

    with lab.capture(client, "server", name):
        once(1, True)
        once(2, True)
        once(3, False)
        once(4, False)
    waiting.close()


@case("tcp/ipv6.pcap", "keep-alive, refusal and a reset over IPv6")
def ipv6(lab, name):
    client, server = lab.pair(ipv6=True)
    peers.nginx(lab, server, {"b.js": peers.pattern(14_000)})
    peers.origin(server)
    with lab.capture(client, "server", name):
        client.run("curl", "-sS", "-g", "-o", "/dev/null", "-o", "/dev/null",
                   "http://[fd00:1::2]/b.js", "http://[fd00:1::2]/")
        with client.socket(socket.AF_INET6) as line:
            line.connect_ex(("fd00:1::2", 81))
        client.run("curl", "-sS", "-g", "-o", "/dev/null", "http://[fd00:1::2]:8080/abort",
                   check=False)


@case("tcp/client_side_only.pcap", "a tap that sees one direction: what the client sends")
def client_side_only(lab, name):
    one_sided(lab, name, "src host 10.0.1.1")


@case("tcp/server_side_only.pcap", "a tap that sees one direction: what the server sends")
def server_side_only(lab, name):
    one_sided(lab, name, "src host 10.0.1.2")


def one_sided(lab, name, expression):
    client, server = lab.pair()
    peers.nginx(lab, server, {"b.js": peers.pattern(14_000)})
    with lab.capture(client, "server", name, expression):
        download(client, "b.js", "", "missing")


@case("tcp/begun_before.pcap", "a capture that starts in the middle of a response; two whole "
      "exchanges follow on the same connection")
def begun_before(lab, name):
    client, server = lab.pair()
    with connected(client, server) as (near, far):
        near.sendall(peers.get("/before"))
        peers.read_until(far, b"\r\n\r\n")
        body = peers.pattern(20_000)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n"
        far.sendall(head + body[:7000])
        peers.read_count(near, len(head) + 7000)
        with lab.capture(client, "server", name):
            far.sendall(body[7000:])
            peers.read_count(near, 13_000)
            for path in ("/first", "/second"):
                near.sendall(peers.get(path))
                peers.read_until(far, b"\r\n\r\n")
                far.sendall(peers.response(path.encode()))
                peers.read_until(near, path.encode())
            near.close()
            far.close()


@case("tcp/capture_loss.pcap", "seven packets that the capture missed, the receiver did not: "
      "data in a body, a whole request, and an ACK")
def capture_loss(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"b.js": peers.pattern(40_000)})
    with lab.capture(client, "server", name):
        download(client, "b.js", "", "b.js", "missing")

    def thin_out(all_packets):
        data = [one for one in all_packets
                if packets.is_tcp(one.data) and packets.tcp_payload(one.data)]
        requests = [one for one in data if packets.tcp_payload(one.data).startswith(b"GET")]
        bare = [one for one in all_packets
                if packets.is_tcp(one.data) and not packets.tcp_payload(one.data)]
        missed = [data[8], data[9], data[10], data[15], data[-20], requests[1], bare[-6]]
        return [one for one in all_packets if not any(one is other for other in missed)]

    lab.edit(name, thin_out)


@case("tcp/ack_before_data.pcap", "two taps out of step: each of the server's packets is in the "
      "file 300 us late, so that ACKs stand before what they acknowledge")
def ack_before_data(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"b.js": peers.pattern(40_000)})
    with lab.capture(client, "server", name):
        download(client, "b.js", "", "missing")

    def out_of_step(all_packets):
        late = [dataclasses.replace(one, time=one.time + 300_000)
                if packets.is_tcp(one.data) and one.data[29] == 2 else one for one in all_packets]
        return sorted(late, key=lambda one: one.time)

    lab.edit(name, out_of_step)


@case("tcp/sequence_wrap.pcap", "both sequence numbers pass 2^32 in the middle of the data")
def sequence_wrap(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name), connected(client, server) as (near, far):
        for _ in range(4):
            near.sendall(peers.pattern(4000))
            peers.read_count(far, 4000)
            far.sendall(peers.pattern(5000))
            peers.read_count(near, 5000)

    def wrap(all_packets):
        segments = [one for one in all_packets if packets.is_tcp(one.data)]
        first = {one.data[29]: struct.unpack_from("!I", one.data, 38)[0]
                 for one in reversed(segments)}
        step = {end: -6000 - number for end, number in first.items()}
        for one in segments:
            end = one.data[29]
            one.data = packets.shift_sequence(one.data, step[end], step[3 - end])
        return all_packets

    lab.edit(name, wrap)


@case("tcp/no_options.pcap", "a stack of the old days: no SACK, no timestamps, no window scale; "
      "with loss")
def no_options(lab, name):
    client, server, _ = lab.relayed_pair(seed=8, there=Path(0.01), back=Path(0.01, loss=0.05))
    for host in (client, server):
        for option in ("sack", "timestamps", "window_scaling"):
            host.sysctl(f"net.ipv4.tcp_{option}", 0)
    peers.nginx(lab, server, {"big.bin": peers.pattern(80_000)})
    with lab.capture(server, "client", name):
        download(client, "big.bin")


@case("tcp/urgent.pcap", "urgent data in the middle of a line")
def urgent(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name), connected(client, server) as (near, far):
        near.sendall(b"one two ")
        near.send(b"!", socket.MSG_OOB)
        near.sendall(b"three\n")
        time.sleep(0.05)
        far.sendall(b"read\n")
        peers.read_count(near, 5)


@case("tcp/nagle.pcap", "small writes against a delayed ACK: a 40 ms stall per request, then the "
      "same with TCP_NODELAY and no stall")
def nagle(lab, name):
    client, server = lab.pair()

    def serve(line):
        with contextlib.suppress(OSError):
            while peers.read_until(line, b"\r\n\r\n"):
                line.sendall(peers.response(b"ok"))

    service = peers.Service(server, PORT, serve)
    with lab.capture(client, "server", name):
        for no_delay in (0, 1):
            line = client.socket()
            line.connect(SERVER)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, no_delay)
            for number in range(20):
                request = peers.get(f"/{number}")
                line.sendall(request[:20])
                line.sendall(request[20:])
                peers.read_until(line, b"ok")
            line.close()
        service.join()
