"""http1_finding_cases.py - faults of applications over HTTP/1 that rules find, and what comes close:
made by real servers and clients.

captures/findings.tsv says what is found in each.
"""
import contextlib
import gzip
import threading
import time

import peers
from cases import case
from finding_cases import ask, connect, visit
from relay import Path

SITE = "http://10.0.1.2"


def served(lab, answer, name, clients_do):
    """A capture of what `clients_do(client)` has of a server that answers by `answer(path)`."""
    client, server = lab.pair()
    service = peers.Service(server, 80, peers.answering(answer))
    with lab.capture(client, "server", name):
        clients_do(client)
    service.join()


def curl(host, *words, **options):
    return host.run("curl", "-sS", "--resolve", "*:80:10.0.1.2", *words, **options)


def each(*addresses):
    """Several transfers of one curl need an -o each."""
    return [word for address in addresses for word in ("-o", "/dev/null", address)]


def items(lab, name, *words):
    """Twenty-four files by one curl, 20 ms away."""
    client, server, _ = lab.relayed_pair(there=Path(0.01), back=Path(0.01))
    peers.nginx(lab, server, {f"item/{number}": b"ok\n" for number in range(24)})
    with lab.capture(client, "server", name):
        curl(client, *words, *each(*[f"http://shop.test/item/{number}" for number in range(24)]))


@case("findings/no_keep_alive.pcap", "twenty-four requests in a row, each on a connection of its own "
      "that the client asks to close, 20 ms away")
def no_keep_alive(lab, name):
    items(lab, name, "-H", "Connection: close")


@case("findings/keep_alive.pcap", "the same requests over one connection")
def keep_alive(lab, name):
    items(lab, name)


SCRIPT = b"function add(a, b) { return a + b; }\n" * 35


def compressible(lab, name, files, more_http=""):
    client, server = lab.pair()
    peers.nginx(lab, server, files, more_http=more_http)
    with lab.capture(client, "server", name):
        curl(client, "--compressed", *each(*[f"http://shop.test/{file}" for file in files]))


@case("findings/uncompressed.pcap", "a script, a page and a list of 13 kB each, as they are, to a "
      "client that takes gzip")
def uncompressed(lab, name):
    compressible(lab, name, {file: SCRIPT * 10 for file in ("add.js", "add.html", "add.json")})


@case("findings/compressed.pcap", "a script in gzip, a picture, a short page: nothing that should "
      "be compressed and is not")
def compressed(lab, name):
    compressible(lab, name, {"add.js": SCRIPT * 10, "add.png": gzip.compress(peers.pattern(9000)),
                             "add.html": SCRIPT},
                 "gzip on; gzip_types application/javascript;")


@case("findings/get_with_body.pcap", "a search that sends its query as the body of a GET")
def get_with_body(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server)
    with lab.capture(client, "server", name):
        curl(client, "-X", "GET", "-d", '{"words": "red shoes"}', "-o", "/dev/null",
             "http://shop.test/")


def polled(lab, name, answer, then=lambda line: None):
    """Twenty questions, a second apart, over one connection."""

    def ask_on(client):
        with connect(client, 80) as line:
            for _ in range(20):
                ask(line, "/messages?since=7")
                time.sleep(1)
            then(line)

    served(lab, answer, name, ask_on)


@case("findings/polling.pcap", "a page that asks every second whether there are messages; there is "
      "one in twenty answers")
def polling(lab, name):
    left = iter([b"[]"] * 11 + [b'["hello"]'])
    polled(lab, name, lambda path: time.sleep(0.03) or next(left, b"[]"))


@case("findings/news.pcap", "the same pace, but each answer brings something new; and a page whose "
      "twenty pictures are one file")
def news(lab, name):
    lengths = iter(number * 7 % 31 + 5 for number in range(20))

    def pictures(line):
        for _ in range(20):
            ask(line, "/dot.gif")

    polled(lab, name, lambda path: b"GIF89a" if path == "/dot.gif" else b"x" * next(lengths),
           pictures)


@case("findings/redirects.pcap", "from the bare name to www, to a page, to its folder, to a "
      "language: four redirects before a page, 30 ms away")
def redirects(lab, name):
    client, server, _ = lab.relayed_pair(there=Path(0.015), back=Path(0.015))
    peers.nginx(lab, server, {"start/en": b"Welcome\n"}, more_server="""
        server_name www.shop.test;
        absolute_redirect off;
        location = / { return 301 /start; }
        location = /start { return 301 /start/; }
        location = /start/ { return 302 /start/en; }
        """, more_http="""server { listen 80; server_name shop.test;
                          return 301 http://www.shop.test/; }""")
    with lab.capture(client, "server", name):
        curl(client, "-L", "-o", "/dev/null", "http://shop.test/")


def order(number):
    body = b'{"item": %d, "pieces": 1}' % number
    head = f"POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def send(client, request):
    """On a connection of its own; what comes of it is not this client's business."""
    with contextlib.suppress(OSError), connect(client, 80) as line:
        line.sendall(request)
        peers.read_response(line)


def breaking(lab, name, breaks, requests):
    """Connections whose server resets the first `breaks` of them half a second after the request."""
    client, server = lab.pair()
    left = [None] * breaks

    def serve(line):
        head = peers.read_until(line, b"\r\n\r\n")
        if head.startswith(b"POST") and not head.endswith(b"}"):
            peers.read_until(line, b"}")
        if left:
            left.pop()
            time.sleep(0.5)
            return peers.reset(line)
        line.sendall(peers.response(b"accepted\n", status="201 Created"))
        line.close()

    service = peers.Service(server, 80, serve)
    with lab.capture(client, "server", name):
        for request in requests:
            send(client, request)
            time.sleep(1)
    service.join()


@case("findings/order_twice.pcap", "an order whose connection breaks before the answer; the client "
      "sends it again a second later")
def order_twice(lab, name):
    breaking(lab, name, 1, [order(17), order(17)])


@case("findings/two_orders.pcap", "a GET whose connection breaks and that is sent again; then two "
      "orders alike, both answered")
def two_orders(lab, name):
    breaking(lab, name, 1, [peers.get("/stock"), peers.get("/stock"), order(17), order(17)])


@case("findings/long_poll.pcap", "a chat that asks, is answered when there is news or after 8 s, "
      "and asks again at once; beside it one slow report")
def long_poll(lab, name):
    waits = iter((6, 8, 6, 8, 6))

    def answer(path):
        time.sleep(6 if path == "/report" else next(waits))
        return b'["news"]'

    def chat(client):
        report = threading.Thread(target=visit, args=(client,),
                                  kwargs={"paths": ("/report",), "seconds": 20})
        report.start()
        visit(client, paths=[f"/events?after={number}" for number in range(5)], seconds=20)
        report.join()

    served(lab, answer, name, chat)


def cut_short(lab, name, server_does, client_does):
    """For each of both: a connection on which 700 of 1,000 bytes come."""
    client, server = lab.pair()
    left = iter(server_does)

    def serve(line):
        peers.read_until(line, b"\r\n\r\n")
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"z" * 700)
        time.sleep(0.1)
        next(left)(line)

    service = peers.Service(server, 80, serve)
    kept = []
    with lab.capture(client, "server", name):
        for leave in client_does:
            line = connect(client, 80)
            kept.append(line)
            line.sendall(peers.get("/file"))
            peers.read_until(line, b"z" * 700)
            leave(line)
            time.sleep(0.2)
    for line in kept:
        line.close()
    service.join()


def stay(line):
    """Until the other end closes."""
    with contextlib.suppress(OSError):
        peers.read_until(line, b"")


def closed(line):
    line.close()


@case("findings/cut_short.pcap", "three answers whose server closes or resets after 700 of 1,000 "
      "bytes")
def cut_short_case(lab, name):
    def stay_and_close(line):
        stay(line)
        line.close()

    cut_short(lab, name, (closed, closed, peers.reset), [stay_and_close] * 3)


@case("findings/client_leaves.pcap", "the same, but the client closes first, or resets; and one "
      "that is still on its way when the capture ends")
def client_leaves(lab, name):
    def stay_and_close(line):
        stay(line)
        line.close()

    cut_short(lab, name, [stay_and_close] * 3, (closed, peers.reset, lambda line: None))


@case("findings/slowloris.pcap", "twelve connections of one host that each send a field every two "
      "seconds and never end the request; nginx gives up after 18 s")
def slowloris(lab, name):
    client, server = lab.pair()
    client.ip("address", "add", "10.0.1.66/24", "dev", "server")
    peers.nginx(lab, server, more_http="client_header_timeout 18s;")
    with lab.capture(client, "server", name):
        lines = [connect(client, 80, source="10.0.1.66") for _ in range(12)]
        pieces = [b"GET / HTTP/1.1\r\nHost: shop.test\r\n"]
        pieces += [b"X-%d: %d\r\n" % (number, number) for number in range(8)]
        for piece in pieces:
            for line in lines:
                line.sendall(piece)
            time.sleep(2)
        for line in lines:
            stay(line)
            line.close()


@case("findings/slow_uplink.pcap", "twelve uploads over a slow line: a segment every two seconds, "
      "all answered in the end")
def slow_uplink(lab, name):
    client, server = lab.pair()
    peers.origin(server)
    with lab.capture(client, "server", name):
        lines = [connect(client, 8080) for _ in range(12)]
        head = b"POST /form HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 3200\r\n\r\n"
        for piece in [head] + [b"u" * 400] * 8:
            for line in lines:
                line.sendall(piece)
            time.sleep(1.5)
        for line in lines:
            peers.read_until(line, b"\r\n\r\n")
            line.close()


def fetch_from(lab, name, hosts):
    client, server = lab.pair()
    peers.nginx(lab, server)
    with lab.capture(client, "server", name):
        curl(client, *each(*[f"http://{host}/" for host in hosts]))


@case("findings/sharding.pcap", "a page whose pictures come from img1 to img5.shop.test, all of "
      "them one server")
def sharding(lab, name):
    fetch_from(lab, name, ["www.shop.test"] + [f"img{number}.shop.test" for number in range(1, 6)])


@case("findings/many_sites.pcap", "five sites of five owners on one server, and www beside one of "
      "them")
def many_sites(lab, name):
    fetch_from(lab, name, ("www.shop.test", "shop.test", "www.books.test", "www.tea.test",
                           "www.shoes.test", "www.news.test"))
