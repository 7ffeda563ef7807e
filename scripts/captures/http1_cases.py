"""http1_cases.py - HTTP/1 between real servers and clients."""
import base64
import subprocess
import time

import packets
import peers
from cases import case

SERVER = ("10.0.1.2", 80)
ORIGIN = ("10.0.1.2", 8080)
SITE = "http://10.0.1.2"
NODE = "http://10.0.1.2:8080"


def curl(host, *words, check=True):
    return host.run("curl", "-sS", "-o", "/dev/null", *words, check=check)


def each(*addresses):
    """Several transfers of one curl need an -o each."""
    words = []
    for address in addresses:
        words += ["-o", "/dev/null", address]
    return words


@case("http1/keep_alive.pcap", "curl fetches six files from nginx over one connection, "
      "then two over a connection each")
def keep_alive(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"a.css": peers.pattern(900), "b.js": peers.pattern(14000),
                              "c.png": peers.pattern(30000)})
    with lab.capture(client, "server", name):
        paths = [f"{SITE}/{file}" for file in ("", "a.css", "b.js", "c.png", "a.css", "")]
        client.run("curl", "-sS", "-H", "Host: shop.test", *each(*paths))
        for _ in range(2):
            curl(client, "-H", "Connection: close", f"{SITE}/a.css")


@case("http1/pipelining.pcap", "six requests sent at once to nginx, then four of which one is slow "
      "(head of line blocking) to node")
def pipelining(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"a.css": peers.pattern(900), "b.js": peers.pattern(4000)})
    peers.origin(server)
    with lab.capture(client, "server", name):
        paths = ("/", "/a.css", "/b.js", "/missing", "/a.css")
        wanted = b"".join(peers.get(path) for path in paths)
        peers.talk(client, SERVER, wanted + peers.get("/", "shop.test", "1.1", "Connection: close"))
        wanted = b"".join(peers.get(path) for path in ("/here", "/dribble", "/here/too"))
        peers.talk(client, ORIGIN,
                   wanted + peers.get("/", "shop.test", "1.1", "Connection: close"))


@case("http1/chunked.pcap", "chunked responses with trailers, a chunked upload, "
      "and chunk extensions from a hand-written server")
def chunked(lab, name):
    client, server = lab.pair()
    peers.origin(server)
    body = (b"5;quality=1;note=\"a; b\"\r\nhello\r\n00a\r\n, dear you\r\n1  \r\n.\r\n"
            b"0;last\r\nX-Checksum: 42\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n"

    def extended(line):
        peers.read_until(line, b"\r\n\r\n")
        for part in (head, body[:9], body[9:31], body[31:]):
            line.sendall(part)
            time.sleep(0.02)
        line.close()

    service = peers.Service(server, 9000, extended)
    with lab.capture(client, "server", name):
        curl(client, "-H", "TE: trailers", f"{NODE}/chunked", "--next", "-sS", "-o", "/dev/null",
             f"{NODE}/here")
        client.run("curl", "-sS", "-o", "/dev/null", "-H", "Transfer-Encoding: chunked",
                   "-H", "Expect:", "-T", "-", "-X", "POST", f"{NODE}/form",
                   input=peers.pattern(20000))
        curl(client, "http://10.0.1.2:9000/extended")
        service.join()


@case("http1/no_body.pcap", "HEAD, 204, 304 and 302 on one connection: lengths that announce "
      "no body")
def no_body(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"b.js": peers.pattern(14000)})
    peers.origin(server)
    with lab.capture(client, "server", name):
        lines = client.run("curl", "-sSI", f"{SITE}/b.js").decode().split("\r\n")
        tag = next(line.split(": ")[1] for line in lines if line.startswith("ETag"))
        curl(client, "-H", f"If-None-Match: {tag}", *each(f"{SITE}/b.js", f"{SITE}/b.js"))
        curl(client, "-I", *each(f"{NODE}/gzip", f"{NODE}/gzip-chunked"))
        curl(client, *each(f"{NODE}/no-content", f"{NODE}/not-modified", f"{NODE}/here"))
        curl(client, "-L", f"{NODE}/moved")


@case("http1/informational.pcap", "100 Continue before an upload, 103 Early Hints before an "
      "answer, 417 to an expectation refused")
def informational(lab, name):
    client, server = lab.pair()
    peers.origin(server)
    with lab.capture(client, "server", name):
        client.run("curl", "-sS", "-o", "/dev/null", "-H", "Expect: 100-continue",
                   "--data-binary", "@-", f"{NODE}/form", input=peers.pattern(9000))
        peers.talk(client, ORIGIN, peers.get("/hints", "shop.test", "1.1", "Connection: close"))
        curl(client, "-H", "Expect: miracles", f"{NODE}/here")


@case("http1/to_the_close.pcap", "bodies that only the close ends: HTTP/1.0 from Python's server, "
      "HTTP/0.9-like silence about lengths, HTTP/1.0 keep-alive from nginx")
def to_the_close(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"a.css": peers.pattern(900)})

    def silent(line):
        peers.read_until(line, b"\r\n\r\n")
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        line.sendall(peers.pattern(5000))
        line.close()

    service = peers.Service(server, 9000, silent)
    server.start("/usr/bin/python3", "-m", "http.server", "8000", "--directory",
                 lab.folder / "nginx/www", stderr=subprocess.DEVNULL)
    server.await_port(8000)
    with lab.capture(client, "server", name):
        curl(client, "--http1.0", "http://10.0.1.2:8000/a.css")
        curl(client, "http://10.0.1.2:8000/missing")
        curl(client, "http://10.0.1.2:9000/silent")
        curl(client, "--http1.0", "-H", "Connection: keep-alive",
             *each(f"{SITE}/a.css", f"{SITE}/"))
        service.join()


@case("http1/encodings.pcap", "bodies in gzip, deflate (zlib and raw), br, zstd, and gzip in "
      "chunks")
def encodings(lab, name):
    client, server = lab.pair()
    packed = server.run("zstd", "-19", "-c", input=peers.pattern(20000))
    peers.nginx(lab, server, {"words.txt": packed},
                more_server="location /words.txt { add_header Content-Encoding zstd; }")
    peers.origin(server)
    with lab.capture(client, "server", name):
        paths = ("gzip", "deflate", "raw-deflate", "br", "gzip-chunked")
        curl(client, "-H", "Accept-Encoding: gzip, deflate, br",
             *each(*(f"{NODE}/{path}" for path in paths)))
        curl(client, "-H", "Accept-Encoding: zstd", f"{SITE}/words.txt")


@case("http1/upgrade.pcap", "101 to WebSocket with three echoes and a close; an upgrade that the "
      "server passes over")
def upgrade(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server)
    peers.origin(server)
    key = base64.b64encode(b"sixteen bytes ..").decode()
    ask = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
           "Sec-WebSocket-Version: 13")

    def frame(opcode, data, mask=b"\x11\x22\x33\x44"):
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        return bytes([0x80 | opcode, 0x80 | len(data)]) + mask + masked

    with lab.capture(client, "server", name):
        _, line = peers.talk(client, ORIGIN, peers.get("/chat", "shop.test", "1.1", *ask),
                             until=b"\r\n\r\n", close=False)
        for word in (b"hello", b"how are you?", b"goodbye"):
            line.sendall(frame(1, word))
            peers.read_count(line, 2 + len(word))
        line.sendall(frame(8, b"\x03\xe8"))
        peers.read_until(line, b"")
        line.close()
        peers.talk(client, SERVER, peers.get("/", "shop.test", "1.1", "Upgrade: h2c",
                                             "Connection: Upgrade, close"))


@case("http1/connect.pcap", "curl through a CONNECT proxy: a tunnel to nginx with HTTP inside, "
      "403 and 502, and a plain proxy request in absolute form")
def connect(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"a.css": peers.pattern(900)})
    peers.origin(server)
    with lab.capture(client, "server", name):
        curl(client, "-p", "-x", NODE, *each("http://10.0.1.2/", "http://10.0.1.2/a.css"))
        curl(client, "-p", "-x", NODE, "http://forbidden.test/", check=False)
        curl(client, "-p", "-x", NODE, "http://10.0.1.2:9/", check=False)
        curl(client, "-x", NODE, "http://elsewhere.test/here")


@case("http1/posts.pcap", "forms: urlencoded, multipart with a file, JSON, PUT and DELETE; "
      "a query with percent signs")
def posts(lab, name):
    client, server = lab.pair()
    peers.origin(server)
    with lab.capture(client, "server", name):
        curl(client, "-d", "name=Ada&item=17&note=a%20b", f"{NODE}/form")
        client.run("curl", "-sS", "-o", "/dev/null", "-F", "title=Invoice",
                   "-F", "file=@-;filename=invoice.txt", f"{NODE}/form",
                   input=peers.pattern(6000))
        curl(client, "-H", "Content-Type: application/json", "-d", '{"item":17}', f"{NODE}/form")
        curl(client, "-X", "PUT", "-d", "new content", f"{NODE}/form")
        curl(client, "-X", "DELETE", f"{NODE}/here/17")
        curl(client, f"{NODE}/here?q=caf%C3%A9&empty=&plus=a+b%2Bc")


@case("http1/errors.pcap", "404, 405, 413, 500, 502 and 503 from nginx and node, 400 to garbage")
def errors(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, more_server="client_max_body_size 1k;"
                "location /api/ { proxy_pass http://127.0.0.1:8080/; }"
                "location /gone/ { proxy_pass http://127.0.0.1:9/; }")
    peers.origin(server)
    with lab.capture(client, "server", name):
        for path in ("missing", "api/error", "api/unavailable", "gone/", "api/here"):
            curl(client, f"{SITE}/{path}")
        curl(client, "-X", "DELETE", f"{SITE}/")
        curl(client, "-d", "x" * 3000, f"{SITE}/api/form")
        peers.talk(client, SERVER, b"GARBAGE\r\n\r\n")


@case("http1/parallel.pcap", "curl with 30 transfers over up to 12 connections at once")
def parallel(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {f"{i}.css": peers.pattern(500 + 97 * i) for i in range(30)})
    with lab.capture(client, "server", name):
        curl(client, "--parallel", "--parallel-immediate", "--parallel-max", "12",
             *each(*(f"{SITE}/{i}.css" for i in range(30))))


@case("http1/slow_response.pcap", "an answer after 1.2 s, one that dribbles for a second, "
      "and quick ones between")
def slow_response(lab, name):
    client, server = lab.pair()
    peers.origin(server)
    with lab.capture(client, "server", name):
        curl(client, *each(f"{NODE}/here", f"{NODE}/slow", f"{NODE}/here", f"{NODE}/dribble"))


@case("http1/incomplete.pcap", "bodies that end early: by FIN, by RST, by the client's Ctrl-C; "
      "a request never answered; a stream still open at the end of the capture")
def incomplete(lab, name):
    client, server = lab.pair()
    peers.origin(server)
    with lab.capture(client, "server", name):
        curl(client, f"{NODE}/break", check=False)
        curl(client, f"{NODE}/abort", check=False)
        curl(client, "--max-time", "0.5", f"{NODE}/unfinished", check=False)
        curl(client, "--max-time", "0.3", f"{NODE}/slow", check=False)
        line = client.socket()
        line.connect(ORIGIN)
        line.sendall(peers.get("/unfinished"))
        time.sleep(0.5)
    line.close()


@case("http1/truncated.pcap", "a download of 120 kB of which the capture keeps 96 bytes a packet")
def truncated(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"big.bin": peers.pattern(120_000)})
    with lab.capture(client, "server", name, snaplen=96):
        curl(client, *each(f"{SITE}/big.bin", f"{SITE}/"))


@case("http1/offload.pcap", "the same as the sender's own host sees it: segments of up to 64 kB "
      "and checksums not yet filled in")
def offload(lab, name):
    client, server = lab.pair(offload=True)
    peers.nginx(lab, server, {"big.bin": peers.pattern(110_000)})
    with lab.capture(server, "client", name):
        curl(client, *each(f"{SITE}/big.bin", f"{SITE}/"))


@case("http1/length_zero.pcap", "the same with an IP length of 0 in every packet that is yet "
      "to be cut into segments, as some drivers show it")
def length_zero(lab, name):
    client, server = lab.pair(offload=True)
    peers.nginx(lab, server, {"big.bin": peers.pattern(40_000)})
    with lab.capture(server, "client", name):
        curl(client, *each(f"{SITE}/big.bin", f"{SITE}/"))

    def forget(all_packets):
        for one in all_packets:
            if len(one.data) > 1514 and packets.is_tcp(one.data):
                one.data = one.data[:16] + b"\0\0" + one.data[18:]
        return all_packets

    lab.edit(name, forget)


@case("http1/odd_heads.pcap", "what servers must take: bare LF, folded fields, empty lines before "
      "a request, one byte at a time, lower-case field names, a long cookie")
def odd_heads(lab, name):
    client, server = lab.pair()

    def folded(line):
        while peers.read_until(line, b"\n\n" if line.recv(1, 2) == b"L" else b"\r\n\r\n"):
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Folded: one,\r\n  two,\r\n\tthree\r\n"
                         b"content-length:3\r\n\r\nyes")

    service = peers.Service(server, 80, folded)
    with lab.capture(client, "server", name):
        line = client.socket()
        line.connect(SERVER)
        cookie = "Cookie: session=" + "0123456789abcdef" * 200
        for request in (b"LIST / HTTP/1.1\nHost: shop.test\n\n",
                        b"\r\n\r\nGET /after-empty-lines HTTP/1.1\r\nhost:shop.test\r\n\r\n",
                        b"GET http://shop.test/absolute?x=1 HTTP/1.1\r\nHost: other.test\r\n\r\n",
                        b"OPTIONS * HTTP/1.1\r\nHost: shop.test\r\n\r\n",
                        peers.get("/cookie", "shop.test", "1.1", cookie)):
            line.sendall(request)
            peers.read_until(line, b"yes")
        line.setsockopt(6, 1, 1)  # TCP_NODELAY
        for byte in peers.get("/byte-by-byte"):
            line.sendall(bytes([byte]))
        peers.read_until(line, b"yes")
        line.close()
        service.join()


def conversation(client, server, port, rounds):
    """One connection: each round is what the client says and what the server answers to it."""

    def answer(line):
        for question, reply in rounds:
            peers.read_count(line, len(question))
            line.sendall(reply)
        line.close()

    service = peers.Service(server, port, answer)
    with client.socket() as line:
        line.settimeout(5)
        line.connect(("10.0.1.2", port))
        for question, reply in rounds:
            line.sendall(question)
            peers.read_count(line, len(reply))
    service.join()


@case("http1/ambiguous.pcap", "messages whose end two readers see in two places: Content-Length "
      "with Transfer-Encoding, two lengths, a length with a sign, an obscured `chunked`, bare CR; "
      "and lengths repeated but equal, which are no fault")
def ambiguous(lab, name):
    client, server = lab.pair()
    okay = peers.response(b"ok")
    head = "POST /{} HTTP/1.1\r\nHost: shop.test\r\n"
    requests = (
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "Content-Length: 4\r\nContent-Length: 9\r\n\r\nabcdefghi",
        "Content-Length: +4\r\n\r\nabcd",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "X: y\rContent-Length: 4\r\n\r\n",
        "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
        "Content-Length: 4, 4\r\n\r\nabcd",
    )
    with lab.capture(client, "server", name):
        for number, rest in enumerate(requests):
            conversation(client, server, 8000 + number,
                         [((head.format(number) + rest).encode(), okay)])


@case("http1/malformed.pcap", "answers that break the rules: a bad chunk size, a chunk without its "
      "end, a status line without a number, a field without a colon, two answers to one request, "
      "an answer before any request; each on a connection of its own, an honest exchange last")
def malformed(lab, name):
    client, server = lab.pair()
    chunked_head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    ask = peers.get("/")
    okay = peers.response(b"ok")
    with lab.capture(client, "server", name):
        for number, rounds in enumerate((
                [(ask, chunked_head + b"five\r\nhello\r\n0\r\n\r\n")],
                [(ask, chunked_head + b"5\r\nhello!!0\r\n\r\n")],
                [(ask, chunked_head + b"fffffffffffffffff\r\nhello\r\n")],
                [(ask, b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok")],
                [(ask, b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok")],
                [(ask, okay + okay)],
                [(b"", okay), (ask, okay)],
                [(ask, okay), (ask, okay)])):
            conversation(client, server, 8000 + number, rounds)


@case("http1/not_http.pcap", "other talk where HTTP might be: an SSH banner on port 80, bytes "
      "without sense, a line that begins like a request, silence; and HTTP on port 22")
def not_http(lab, name):
    client, server = lab.pair()
    with lab.capture(client, "server", name):
        for rounds in ([(b"", b"SSH-2.0-OpenSSH_9.2\r\n"), (b"SSH-2.0-client\r\n", b"\0\0\1\4")],
                       [(peers.pattern(300)[::-1], bytes(range(256)))],
                       [(b"GET me some tea\n", b"With pleasure.\n")],
                       [(b"", b"")]):
            conversation(client, server, 80, rounds)
        conversation(client, server, 22, [(peers.get("/on-a-strange-port"), peers.response(b"ok"))])
