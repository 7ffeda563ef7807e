"""http2_cases.py - HTTP/2 between real servers and clients.

What the server itself says of its streams and frames lies beside a capture as NAME.truth: one JSON
object a line, {"stream", "method", "path", "status", "sent", "error"} by http2_origin.js, or
{"frames": {"client": {...}, "server": {...}}} by nghttpd.
"""
import collections
import dataclasses
import json
import os
import re
import struct
import subprocess
import time

import lab as labs
import peers
import relay
from cases import case
from decryption_cases import log_of as key_log_of
from tls_cases import Authority

ADDRESS = ("10.0.1.2", 8080)
SITE = "http://10.0.1.2:8080"
SAFE_SITE = "https://10.0.1.2:8443"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = range(8)
WINDOW_UPDATE, CONTINUATION = 8, 9
END_STREAM = ACK = 1
END_HEADERS, PADDED = 4, 8


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def truth_of(name):
    return labs.CAPTURES / name.replace(".pcap", ".truth")


def origin(lab, host, *words):
    """http2_origin.js; what it says lies in the lab's folder."""
    log = lab.folder / "origin.log"
    with open(log, "wb") as out:
        host.start("node", peers.HERE / "http2_origin.js", *words, stdout=out)
    host.await_port(8443 if words else 8080)
    return log


def keep_origin_log(log, name):
    truth_of(name).write_bytes(log.read_bytes())


def nghttpd(lab, host, files, *options, port=8080, identity=None):
    home = lab.folder / "nghttpd"
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    for path, content in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(content)
    log = lab.folder / "nghttpd.log"
    with open(log, "wb") as out:
        host.start("nghttpd", "-v", *([] if identity else ["--no-tls"]), "-n", "1", "-d", home,
                   *options, port, *(identity or [])[::-1], stdout=out, stderr=subprocess.DEVNULL)
    host.await_port(port)
    return log


def keep_frames(log, name):
    """The frames of each connection, as nghttpd counted them. Whoever waited for its port was the
    first connection and sent nothing."""
    counts = collections.defaultdict(lambda: {"client": collections.Counter(),
                                              "server": collections.Counter()})
    line = re.compile(r"\[id=(\d+)\] \[ *[\d.]+\] (send|recv) (\w+) frame")
    for found in line.finditer(re.sub(r"\x1b\[[\d;]*m", "", log.read_text(errors="replace"))):
        number, way, kind = found.groups()
        counts[int(number)]["client" if way == "recv" else "server"][kind.lower()] += 1
    rows = [json.dumps({"frames": {side: dict(sorted(kinds.items())) for side, kinds in one.items()}})
            for number, one in sorted(counts.items()) if one["client"]]
    truth_of(name).write_text("\n".join(rows) + "\n")


FILES = {"index.html": b"<!doctype html><link rel=stylesheet href=style.css><p>Hello\n",
         "style.css": peers.pattern(900), "app.js": peers.pattern(14000),
         "photo.png": peers.pattern(60000)}


def curl(client, *words, **options):
    """One file: curl 7.88 loses its place when it uses such a connection again."""
    client.run("curl", "-sS", "--http2-prior-knowledge", "-o", "/dev/null", *words, **options)


def node(client, script, *paths, site=SITE, keys=None):
    client.run("node", *([f"--tls-keylog={keys}"] if keys else []), peers.HERE / "http2_client.js",
               site, script, *paths)


def logging(name):
    """Programs with this environment write their secrets beside the capture."""
    return {"env": {**os.environ, "SSLKEYLOGFILE": str(key_log_of(name))}}


@case("http2/prior_knowledge.pcap", "curl, node, nghttp and h2load fetch files from nghttpd, which is "
      "known to speak HTTP/2: one stream after the other, then many at once")
def prior_knowledge(lab, name):
    client, server = lab.pair()
    log = nghttpd(lab, server, FILES)
    with lab.capture(client, "server", name):
        curl(client, "-b", "id=1; theme=dark", f"{SITE}/index.html")
        node(client, "each", "/index.html", "/style.css", "/app.js", "/missing", "/style.css")
        client.run("nghttp", "-na", f"{SITE}/index.html", f"{SITE}/app.js", f"{SITE}/photo.png")
        client.run("h2load", "-n", "30", "-c", "2", "-m", "5", f"{SITE}/style.css")
    keep_frames(log, name)


@case("http2/upgrade.pcap", "an upgrade from HTTP/1.1 (h2c) by curl and by nghttp through nghttpx; "
      "the request before the upgrade is stream 1")
def upgrade(lab, name):
    client, server = lab.pair()
    nghttpd(lab, server, FILES, port=8000)
    server.start("nghttpx", "-f", "0.0.0.0,8080;no-tls", "-b", "127.0.0.1,8000;;proto=h2",
                 "--workers=1", "--errorlog-file=/dev/null", "--accesslog-file=/dev/null",
                 stderr=subprocess.DEVNULL)
    server.await_port(8080)
    with lab.capture(client, "server", name, "tcp port 8080"):
        client.run("curl", "-sS", "--http2", "-o", "/dev/null", f"{SITE}/index.html")
        client.run("nghttp", "-nu", f"{SITE}/app.js", f"{SITE}/style.css")


@case("http2/nginx.pcap", "nginx with HTTP/2 in the clear: gzip, a range, a redirect, 304, an upload "
      "that it refuses")
def nginx(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"words.txt": peers.pattern(30000)},
                more_server="listen 8080 http2; gzip on; gzip_types text/plain; "
                            "location /old { return 301 /words.txt; }")
    server.await_port(8080)
    with lab.capture(client, "server", name):
        curl(client, "--compressed", f"{SITE}/words.txt")
        curl(client, "-r", "100-199", f"{SITE}/words.txt")
        curl(client, f"{SITE}/old")
        curl(client, "-z", "2038-01-01", f"{SITE}/words.txt")
        curl(client, "-T", "-", f"{SITE}/upload", input=peers.pattern(9000), check=False)


@case("http2/answers.pcap", "node's server: content codings, 103 Early Hints, a slow answer beside a "
      "quick one, forms, 204, 404, an event stream")
def answers(lab, name):
    client, server = lab.pair()
    log = origin(lab, server)
    with lab.capture(client, "server", name):
        node(client, "each", "/hello?token=s3cret", "/gzip", "/br", "/hints", "/nothing", "/missing")
        client.run("nghttp", "-n", f"{SITE}/slow", f"{SITE}/hello")
        curl(client, "-d", "name=a&password=s3cret", f"{SITE}/form")
        curl(client, "--data-binary", "@-", f"{SITE}/form", input=peers.pattern(40000))
        curl(client, f"{SITE}/events")
    keep_origin_log(log, name)


@case("http2/resets.pcap", "streams that are refused, broken off by the server and cancelled by the "
      "client; a PING; GOAWAY with a reason")
def resets(lab, name):
    client, server = lab.pair()
    log = origin(lab, server)
    with lab.capture(client, "server", name):
        node(client, "resets")
    keep_origin_log(log, name)


@case("http2/grpc.pcap", "gRPC calls: unary, three at once of which one streams and one fails, and a "
      "method that is not there")
def grpc(lab, name):
    client, server = lab.pair()
    log = origin(lab, server)
    with lab.capture(client, "server", name):
        node(client, "grpc")
    keep_origin_log(log, name)


@case("http2/extended_connect.pcap", "a WebSocket in a stream (RFC 8441): three echoes and a close")
def extended_connect(lab, name):
    client, server = lab.pair()
    log = origin(lab, server)
    with lab.capture(client, "server", name):
        node(client, "websocket")
    keep_origin_log(log, name)


@case("http2/push.pcap", "two files promised with a page, CONTINUATION frames, padding, trailers of "
      "requests and responses")
def push(lab, name):
    client, server = lab.pair()
    log = nghttpd(lab, server, FILES, "-p", "/index.html=/style.css,/app.js", "-b", "64",
                  "--trailer", "x-digest: 42", "--echo-upload")
    upload = lab.folder / "upload"
    upload.write_bytes(peers.pattern(20000))
    with lab.capture(client, "server", name):
        client.run("nghttp", "-n", f"{SITE}/index.html")
        client.run("nghttp", "-n", "--continuation", "-b", "32", f"{SITE}/style.css")
        client.run("nghttp", "-n", "-d", upload, "--trailer", "x-sum: 7", f"{SITE}/echo")
    keep_frames(log, name)


@case("http2/flow_control.pcap", "downloads through small windows over a line of 20 ms: first the "
      "stream's is used up again and again, then the connection's")
def flow_control(lab, name):
    slow = relay.Path(delay=0.01)
    client, server, _ = lab.relayed_pair(there=slow, back=slow)
    log = nghttpd(lab, server, FILES)
    with lab.capture(server, "client", name):
        client.run("nghttp", "-n", "-w", "14", f"{SITE}/photo.png")
        client.run("nghttp", "-n", "-w", "20", "-W", "16", f"{SITE}/photo.png",
                   f"{SITE}/photo.png?2", f"{SITE}/photo.png?3")
    keep_frames(log, name)


def lossy(lab, name, tap):
    there = relay.Path(delay=0.01)
    back = relay.Path(delay=0.01, drop=frozenset([14, 31, 32, 60, 90]))
    client, server, _ = lab.relayed_pair(there=there, back=back)
    log = nghttpd(lab, server, FILES)
    host, interface = (client, "server") if tap == "client" else (server, "client")
    with lab.capture(host, interface, name, settle=1.0):
        client.run("h2load", "-n", "12", "-c", "1", "-m", "6", f"{SITE}/app.js")
    keep_frames(log, name)


@case("http2/head_of_line.pcap", "six downloads at once over one connection that loses five of the "
      "server's segments, seen beside the client: streams wait for others' lost segments")
def head_of_line(lab, name):
    lossy(lab, name, "client")


@case("http2/loss_at_server.pcap", "the same seen beside the server: every lost segment twice, and no "
      "hole")
def loss_at_server(lab, name):
    lossy(lab, name, "server")


@case("http2/from_the_middle.pcap", "the capture begins when a connection has been in use for a "
      "while: what its tables held before is not known")
def from_the_middle(lab, name):
    client, server = lab.pair()
    nghttpd(lab, server, FILES)
    with lab.capture(client, "server", name):
        client.run("h2load", "-n", "40", "-c", "1", "-m", "1", "-H", "x-trace: 7f3c0f5e",
                   f"{SITE}/style.css", f"{SITE}/app.js", f"{SITE}/index.html")
    lab.edit(name, lambda all_packets: all_packets[31:])


@case("http2/capture_loss.pcap", "the capture lacks packets of both directions: frames are found "
      "again behind the holes, tables relearnt")
def capture_loss(lab, name):
    client, server = lab.pair()
    nghttpd(lab, server, FILES)
    with lab.capture(client, "server", name):
        client.run("h2load", "-n", "60", "-c", "1", "-m", "3", f"{SITE}/style.css",
                   f"{SITE}/app.js")
    lab.edit(name, lambda all_packets: [one for number, one in enumerate(all_packets)
                                   if number < 20 or number % 23 != 0])


@case("http2/tls.pcap", "curl, node and h2load fetch files from nghttpd over TLS (ALPN), with keys")
def tls(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    log = nghttpd(lab, server, FILES, port=8443, identity=identity)
    environment = logging(name)
    with lab.capture(client, "server", name):
        client.run("curl", "-sSk", "--http2", "-o", "/dev/null", f"{SAFE_SITE}/index.html",
                   **environment)
        node(client, "each", "/index.html", "/app.js", "/missing", site=SAFE_SITE,
             keys=key_log_of(name, fresh=False))
        client.run("h2load", "-n", "12", "-c", "2", "-m", "3", f"{SAFE_SITE}/style.css",
                   **environment)
    keep_frames(log, name)


def answers_over_tls(lab, name, client, server):
    identity = Authority(lab, server).issue("shop.test")
    log = origin(lab, server, identity[1], identity[0])
    keys = key_log_of(name)
    with lab.capture(client, "server", name):
        node(client, "each", "/hello?token=s3cret", "/gzip", "/br", "/hints", "/events", "/missing",
             site=SAFE_SITE, keys=keys)
        node(client, "grpc", site=SAFE_SITE, keys=keys)
        node(client, "websocket", site=SAFE_SITE, keys=keys)
    keep_origin_log(log, name)


@case("http2/tls_answers.pcap", "node's server over TLS, with keys: content codings, Early Hints, an "
      "event stream; gRPC calls; a WebSocket in a stream")
def tls_answers(lab, name):
    answers_over_tls(lab, name, *lab.pair())


@case("http2/tls_lossy.pcap", "the same over a bad line: 5 % loss both ways, reordering")
def tls_lossy(lab, name):
    weather = relay.Path(0.004, loss=0.05, reorder=0.05, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=7, there=dataclasses.replace(weather), back=weather)
    answers_over_tls(lab, name, client, server)


@case("http2/tls_nginx.pcap", "nginx over TLS, with keys: a page, what it needs, a redirect; nginx's "
      "access log beside it")
def tls_nginx(lab, name):
    client, server = lab.pair()
    certificate, key = Authority(lab, server).issue("shop.test")
    log = lab.folder / "access.log"
    peers.nginx(lab, server, {"words.txt": peers.pattern(9000)},
                more_http="log_format told '$request_method "
                          "$request_uri $status $body_bytes_sent';",
                more_server=f"access_log {log} told; listen 443 ssl http2; "
                            f"ssl_certificate {certificate}; ssl_certificate_key {key}; "
                            "gzip on; gzip_types text/plain; "
                            "location /old { return 301 /words.txt; }")
    environment = logging(name)
    with lab.capture(client, "server", name, "tcp port 443"):
        for path in ("/", "/words.txt", "/old", "/missing"):
            client.run("curl", "-sSk", "--compressed", "-o", "/dev/null", f"https://10.0.1.2{path}",
                       **environment)
        client.run("h2load", "-n", "6", "-c", "1", "-m", "2", "https://10.0.1.2/words.txt",
                   **environment)
    keep_access_log(log, name)


def keep_access_log(log, name):
    rows = []
    for line in log.read_text().splitlines():
        method, path, status, sent = line.split()
        rows.append(json.dumps({"method": method, "path": path, "status": int(status),
                                "sent": int(sent), "error": 0}))
    truth_of(name).write_text("\n".join(rows) + "\n")


@case("http2/tls_capture_loss.pcap", "node and nghttpd over TLS, with keys; the capture lacks "
      "packets of both directions")
def tls_capture_loss(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    log = nghttpd(lab, server, FILES, port=8443, identity=identity)
    with lab.capture(client, "server", name):
        node(client, "each", *["/style.css", "/index.html"] * 15, site=SAFE_SITE,
             keys=key_log_of(name))
    # Without the reset that nghttpd's close ends in.
    lab.edit(name, lambda all_packets: [one for number, one in enumerate(all_packets[:-1])
                                        if number % 13 or number < 24])
    keep_frames(log, name)


@case("http2/hostile.pcap", "each on a connection of its own: a CONTINUATION flood, an HPACK bomb, "
      "rapid resets, a compression error, frames of wrong sizes and on wrong streams, other bytes "
      "behind the preface")
def hostile(lab, name):
    client, server = lab.pair()
    get = b"\x82\x86\x84\x41\x06a.test"
    bomb = b"\x40\x04bomb\x7f\xe1\x1e" + b"b" * 4064

    def quiet(line):
        line.sendall(frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
        while line.recv(65536):
            pass
        line.close()

    service = peers.Service(server, 8080, quiet)
    flood = frame(HEADERS, END_STREAM, 1, get) + frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b") * 400
    many = b"".join(frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, get)
                    + frame(RST_STREAM, 0, 2 * i + 1, struct.pack("!I", 8)) for i in range(120))
    bombs = (frame(HEADERS, END_STREAM | END_HEADERS, 1, get + bomb)
             + frame(HEADERS, END_STREAM | END_HEADERS, 3, get + b"\xbe" * 16000))
    wrong = (frame(PING, 0, 0, b"short") + frame(PING, 0, 3, b"12345678") + frame(DATA, 0, 0, b"x")
             + frame(SETTINGS, 0, 0, b"12345") + frame(CONTINUATION, END_HEADERS, 1, get)
             + frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0") + frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff")
             + frame(0x42, 0xFF, 77, b"unknown frames are passed over")
             + frame(HEADERS, END_STREAM | END_HEADERS, 3, get))
    unreadable = frame(HEADERS, END_STREAM | END_HEADERS, 1, get + b"\xff\xff\xff\xff\xff\xff")
    with lab.capture(client, "server", name):
        for attack in (flood, bombs, many, unreadable, wrong, bytes(range(256)) * 8):
            line = client.socket()
            line.connect(ADDRESS)
            line.sendall(PREFACE + frame(SETTINGS, 0, 0))
            peers.read_count(line, 18)
            line.sendall(attack)
            time.sleep(0.05)
            line.close()
        service.join()
