"""web_finding_cases.py - faults of HTTP/2, WebSocket and event streams, and what comes close to them:
between real peers where they can be brought to it.

captures/findings.tsv says what is found in each.
"""
import contextlib
import time

import http2_cases as h2
import lab as labs
import packets
import peers
import realtime_cases as realtime
import relay
import tls_cases as tls
from cases import case
from packets import ACK, FIN, PSH, RST, Scene, Talk

# ---- HTTP/2 -------------------------------------------------------------------------------------


@case("http2/rapid_reset.pcap", "node's client takes each of 300 requests back in the same breath")
def rapid_reset(lab, name):
    client, server = lab.pair()
    h2.origin(lab, server)
    with lab.capture(client, "server", name):
        h2.node(client, "take_back", "/slow", "300")


@case("http2/page_left.pcap", "a visitor leaves a page: 40 of its 60 pictures are cancelled, most of "
      "them before they came")
def page_left(lab, name):
    client, server = lab.pair()
    h2.origin(lab, server)
    with lab.capture(client, "server", name):
        h2.node(client, "leave", "/hello", "/slow")


@case("http2/large_windows.pcap", "downloads over a line of 20 ms whose windows are large enough")
def large_windows(lab, name):
    slow = relay.Path(delay=0.01)
    client, server, _ = lab.relayed_pair(there=slow, back=slow)
    h2.nghttpd(lab, server, h2.FILES)
    with lab.capture(server, "client", name):
        client.run("nghttp", "-n", "-w", "20", "-W", "20", f"{h2.SITE}/photo.png",
                   f"{h2.SITE}/photo.png?2")


@case("http2/paused_reader.pcap", "a client that asks for a stream without end and reads nothing of "
      "it for two seconds: the window stays shut")
def paused_reader(lab, name):
    client, server = lab.pair()
    h2.origin(lab, server)
    with lab.capture(client, "server", name):
        h2.node(client, "pause", "/endless")


def prior(scene, port):
    """An HTTP/2 connection of a Scene, past both ends' SETTINGS."""
    talk = Talk(scene, "10.0.1.1", "10.0.1.2", (port, 8080), (port * 1000, port * 3000))
    talk.open()
    talk.segment(0, h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0), PSH | ACK)
    talk.segment(1, h2.frame(h2.SETTINGS, 0, 0) + h2.frame(h2.SETTINGS, h2.ACK, 0), PSH | ACK)
    talk.segment(0, h2.frame(h2.SETTINGS, h2.ACK, 0), PSH | ACK)
    return talk


@case("http2/control_floods.pcap", "300 SETTINGS in a quarter of a second, then 900 PINGs on another "
      "connection; their sender reads no answer")
def control_floods(lab, name):
    scene = Scene()
    for port, one, rounds in ((50_001, h2.frame(h2.SETTINGS, 0, 0, b"\0\4\0\1\0\0") * 12, 25),
                              (50_002, h2.frame(h2.PING, 0, 0, b"boredom!") * 36, 25)):
        talk = prior(scene, port)
        for _ in range(rounds):
            talk.segment(0, one, PSH | ACK, after=0.01)
            talk.segment(1)
        scene.wait(1)
    lab.save(name, scene)


@case("http2/alive.pcap", "node's client asks thirty times in three seconds whether the server is "
      "alive, and changes its settings ten times")
def alive(lab, name):
    client, server = lab.pair()
    h2.origin(lab, server)
    with lab.capture(client, "server", name):
        h2.node(client, "alive", "/hello")


@case("http2/large_fields.pcap", "a request with 14 kB of cookies, honestly meant")
def large_fields(lab, name):
    client, server = lab.pair()
    h2.nghttpd(lab, server, h2.FILES)
    with lab.capture(client, "server", name):
        cookies = "; ".join(f"item{number}={peers.pattern(5000)[number * 97:][:190].hex()}"
                            for number in range(35))
        client.run("nghttp", "-n", "-H", f"cookie: {cookies}", f"{h2.SITE}/index.html")


@case("http2/left_behind.pcap", "nginx ends a connection after ten requests (keepalive_requests), "
      "and thirty more are on their way")
def left_behind(lab, name):
    slow = relay.Path(delay=0.01)
    client, server, _ = lab.relayed_pair(there=slow, back=slow)
    peers.nginx(lab, server, {"words.txt": peers.pattern(900)},
                more_server="listen 8080 http2; keepalive_requests 10;")
    with lab.capture(client, "server", name):
        h2.node(client, "burst", "/words.txt", "40")


@case("http2/refused.pcap", "nginx allows four streams at once; a client sends twenty before it knows")
def refused(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, {"words.txt": peers.pattern(15_000)},
                more_http="http2_max_concurrent_streams 4; limit_rate 4k;",
                more_server="listen 8080 http2;")
    with lab.capture(client, "server", name):
        line = client.socket()
        line.settimeout(1.5)
        line.connect(h2.ADDRESS)
        line.sendall(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + b"".join(
            h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 2 * number + 1,
                     b"\x82\x86\x04\x0a/words.txt\x41\x06a.test") for number in range(20)))
        with contextlib.suppress(TimeoutError):
            while line.recv(65536):
                pass
        line.close()


@case("http2/given_up.pcap", "a client that sends DATA on stream 0: nghttpd gives the connection up "
      "(PROTOCOL_ERROR)")
def given_up(lab, name):
    client, server = lab.pair()
    h2.nghttpd(lab, server, h2.FILES)
    with lab.capture(client, "server", name):
        line = client.socket()
        line.settimeout(3)
        line.connect(h2.ADDRESS)
        line.sendall(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0))
        time.sleep(0.1)
        line.sendall(h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 1,
                              b"\x82\x86\x84\x41\x06a.test") + h2.frame(h2.DATA, 0, 0, b"lost"))
        while line.recv(65536):
            pass
        line.close()


# ---- HTTP/1 -------------------------------------------------------------------------------------


@case("http1/pipelining_dropped.pcap", "three requests at once to a server that answers the first and "
      "forgets the others; and to one that answers and closes")
def pipelining_dropped(lab, name):
    scene = Scene()
    for number in range(2):
        talk = Talk(scene, "10.0.1.1", "10.0.1.2", (53_000 + number, 80), (1000, 5000))
        talk.open()
        talk.say(0, b"".join(peers.get(f"/{letter}") for letter in "abc"))
        talk.say(1, peers.response(b"first\n"))
        if number == 0:
            scene.wait(8)
            talk.close()
            continue
        talk.segment(1, flags=FIN | ACK)
        talk.segment(0, flags=FIN | ACK)
        talk.segment(1)
    lab.save(name, scene)


def both_versions(lab, name, plain):
    """nginx over TLS 1.2, whose ALPN anybody can read: `plain` connections of HTTP/1.1, one of 2."""
    slow = relay.Path(delay=0.005)
    client, server, _ = lab.relayed_pair(there=slow, back=slow)
    identity = tls.Authority(lab, server).issue("shop.test")
    peers.nginx(lab, server, more_server="listen 443 ssl http2; ssl_protocols TLSv1.2; "
                f"ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};")
    fetch = ("curl", "-sSk", "-o", "/dev/null", "--resolve", "shop.test:443:10.0.1.2",
             "https://shop.test/")
    with lab.capture(client, "server", name):
        client.run(*fetch, "--http2")
        for _ in range(plain):
            client.run(*fetch, "--http1.1")


@case("http1/on_http2_origin.pcap", "nginx speaks HTTP/2 over TLS with one client, and HTTP/1.1 on eight "
      "connections with another")
def on_http2_origin(lab, name):
    both_versions(lab, name, 8)


@case("http1/beside_http2.pcap", "the same with two connections of HTTP/1.1")
def beside_http2(lab, name):
    both_versions(lab, name, 2)


# ---- WebSocket ----------------------------------------------------------------------------------


def written_websocket(scene, port):
    """A WebSocket of a Scene, past its handshake."""
    talk = Talk(scene, "10.0.1.1", "10.0.1.2", (port, 9001), (port * 1000, port * 3000))
    talk.open()
    request, answer = realtime.handshake_texts()
    talk.say(0, request)
    talk.say(1, answer)
    return talk


@case("websocket/silent.pcap", "three WebSockets with a word at their beginning and no ping; after 60 s "
      "of silence the proxy in front of the server closes them, without a close frame")
def silent(lab, name):
    scene = Scene()
    talks = [written_websocket(scene, 51_000 + number) for number in range(3)]
    for talk in talks:
        talk.say(1, realtime.frame(1, b"welcome", masked=False))
    scene.wait(60)
    for talk in talks:
        talk.segment(1, flags=FIN | ACK)
        talk.segment(0, flags=FIN | ACK)
        talk.segment(1)
    lab.save(name, scene)


@case("websocket/pinged.pcap", "the same with a ping of the server every 25 s, which the client "
      "answers; closed as it should be after two minutes")
def pinged(lab, name):
    scene = Scene()
    talks = [written_websocket(scene, 51_100 + number) for number in range(3)]
    for number in range(5):
        for talk in talks:
            talk.say(1, realtime.frame(9, b"%d" % number, masked=False))
            talk.say(0, realtime.frame(10, b"%d" % number))
        scene.wait(25)
    for talk in talks:
        talk.say(0, realtime.frame(8, b"\x03\xe8"))
        talk.say(1, realtime.frame(8, b"\x03\xe8", masked=False))
        talk.close()
    lab.save(name, scene)


@case("websocket/broken_off.pcap", "six WebSockets of a server that is killed: resets and no close "
      "frame; two that had closed as they should")
def broken_off(lab, name):
    scene = Scene()
    talks = [written_websocket(scene, 51_200 + number) for number in range(8)]
    for talk in talks:
        talk.say(1, realtime.frame(1, b"welcome", masked=False))
    for talk in talks[:2]:
        talk.say(0, realtime.frame(8, b"\x03\xe9"))
        talk.say(1, realtime.frame(8, b"\x03\xe9", masked=False))
        talk.close()
    scene.wait(4)
    for talk in talks[2:]:
        talk.segment(1, flags=RST | ACK)
    lab.save(name, scene)


@case("websocket/no_pongs.pcap", "node's ws pings five times a second for eight seconds; its client "
      "is told not to answer")
def no_pongs(lab, name):
    client, server = lab.pair()
    log = lab.folder / "log"
    server.start("node", peers.HERE / "sockets.js", "server", "9001", log, "false")
    server.await_port(9001)
    with lab.capture(client, "server", name):
        client.run("node", peers.HERE / "sockets.js", "deaf", "ws://10.0.1.2:9001/feed", "8")


PASSED_ON = ("location / { proxy_pass http://127.0.0.1:9001; proxy_http_version 1.1; "
             "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; }")
TAKEN_OUT = "location / { proxy_pass http://127.0.0.1:9001; }"


def behind_nginx(lab, name, settings):
    client, server = lab.pair()
    log = lab.folder / "log"
    server.start("node", peers.HERE / "sockets.js", "server", "9001", log, "false")
    server.await_port(9001)
    peers.nginx(lab, server, more_server=settings)
    with lab.capture(client, "server", name):
        client.run("node", peers.HERE / "sockets.js", "client", "ws://10.0.1.2/chat", log, "6",
                   "false", check=False)


@case("websocket/upgrade_taken_out.pcap", "node's ws behind an nginx that does not pass Upgrade on: "
      "426 in place of 101")
def upgrade_taken_out(lab, name):
    behind_nginx(lab, name, TAKEN_OUT)


@case("websocket/upgrade_passed_on.pcap", "the same with an nginx that does")
def upgrade_passed_on(lab, name):
    behind_nginx(lab, name, PASSED_ON)


def rooms_behind_nginx(lab, name, settings):
    client, server = lab.pair()
    log = lab.folder / "log"
    server.start("node", peers.HERE / "rooms.js", "server", "5", "9001", log)
    server.await_port(9001)
    peers.nginx(lab, server, more_server=settings)
    with lab.capture(client, "server", name):
        client.run("node", peers.HERE / "rooms.js", "client", "5", "http://10.0.1.2", log,
                   "polling,websocket", "13", "1000")


@case("socketio/stuck.pcap", "socket.io for 13 s behind an nginx that does not pass Upgrade on: it "
      "tries, and stays with polling")
def stuck(lab, name):
    rooms_behind_nginx(lab, name, TAKEN_OUT)


@case("socketio/through_nginx.pcap", "the same with an nginx that does: it goes over to WebSocket")
def through_nginx(lab, name):
    rooms_behind_nginx(lab, name, PASSED_ON)


# ---- server-sent events -------------------------------------------------------------------------


def ticker(lab, name, settings, path):
    """events.js behind nginx, seen by the client."""
    client, server = lab.pair()
    server.start("node", peers.HERE / "events.js", lab.folder / "log")
    server.await_port(8081)
    peers.nginx(lab, server,
                more_server="location / { proxy_pass http://127.0.0.1:8081; %s }" % settings)
    with lab.capture(client, "server", name):
        client.run("curl", "-sS", "-N", "-o", "/dev/null", "-H", "Accept: text/event-stream",
                   f"{realtime.SITE}{path}")


@case("sse/buffered.pcap", "an event every 0.2 s behind an nginx that buffers (its default): they come "
      "when 4 kB are full, cut anywhere")
def sse_buffered(lab, name):
    ticker(lab, name, "proxy_buffering on;", "/ticker?count=70&every=200")


@case("sse/unbuffered.pcap", "the same with proxy_buffering off")
def sse_unbuffered(lab, name):
    ticker(lab, name, "proxy_buffering off;", "/ticker?count=30&every=200")


@case("sse/both_legs.pcapng", "a stream seen before and behind an nginx that buffers: what was made "
      "every 0.2 s comes all at once")
def sse_both_legs(lab, name):
    client, middle, server = lab.host("client"), lab.host("proxy"), lab.host("server")
    lab.link(client, middle)
    lab.link(middle, server)
    server.start("node", peers.HERE / "events.js", lab.folder / "log")
    server.await_port(8081)
    peers.nginx(lab, middle, more_server="location / { proxy_pass http://10.0.2.2:8081; }")
    outer, inner = name + ".outer.pcap", name + ".inner.pcap"
    with lab.capture(middle, "client", outer, "tcp"), lab.capture(middle, "server", inner, "tcp"):
        client.run("curl", "-sS", "-N", "-o", "/dev/null", "http://10.0.1.2/ticker?count=15&every=200")
    paths = [labs.CAPTURES / outer, labs.CAPTURES / inner]
    packets.write_pcapng(labs.CAPTURES / name, [packets.read_pcap(path) for path in paths],
                         ["outside", "inside"])
    for path in paths:
        path.unlink()


def event_stream(scene, port, path="/prices", *more):
    """A connection of a Scene with the head of a stream of events."""
    talk = Talk(scene, "10.0.1.1", "10.0.1.2", (port, 80), (port * 1000, port * 3000))
    talk.open()
    talk.say(0, peers.get(path, "shop.test", "1.1", "Accept: text/event-stream", *more))
    talk.say(1, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
             b"Transfer-Encoding: chunked\r\n\r\n")
    return talk


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text), text)


@case("sse/stalled.pcap", "prices every two seconds, and then none for five minutes, though the "
      "connection stays open and another one goes on")
def sse_stalled(lab, name):
    scene = Scene()
    talk, other = event_stream(scene, 52_000), event_stream(scene, 52_001, "/news")
    for number in range(150):
        scene.wait(2)
        if number < 12:
            talk.say(1, chunk(b"id: %d\ndata: %d.50\n\n" % (number, 20 + number % 3)))
        if number % 7 == 0:
            other.say(1, chunk(b": alive\n\n"))
    lab.save(name, scene)


@case("sse/seldom.pcap", "an event every few minutes, with a comment every 15 s between them")
def sse_seldom(lab, name):
    scene = Scene()
    talk = event_stream(scene, 52_100)
    for number in range(30):
        scene.wait(15)
        talk.say(1, chunk(b": alive\n\n" if number % 12 else b"id: %d\ndata: news\n\n" % number))
    talk.say(1, b"0\r\n\r\n")
    talk.close()
    lab.save(name, scene)


def streams(scene, port, count, lasting, pause, ids):
    """A reader that comes back `count` times; two events in each stream."""
    for number in range(count):
        more = [f"Last-Event-ID: {2 * number}"] if ids and number else []
        talk = event_stream(scene, port + number, "/prices", *more)
        for event in range(2):
            label = b"id: %d\n" % (2 * number + event) if ids else b""
            talk.say(1, chunk(label + b"data: %d\n\n" % (number * 7 % 5)))
            scene.wait(lasting / 2)
        talk.say(1, b"0\r\n\r\n")
        talk.close()
        scene.wait(pause)


@case("sse/reconnects.pcap", "a server that ends its stream after a second: the reader comes back "
      "fifteen times, three seconds later each, and has no ids to go on from")
def sse_reconnects(lab, name):
    scene = Scene()
    streams(scene, 52_200, 15, 1, 3, False)
    lab.save(name, scene)


@case("sse/few_reconnects.pcap", "a server that ends its streams after a minute; the reader comes back "
      "four times and goes on from the last id")
def sse_few_reconnects(lab, name):
    scene = Scene()
    streams(scene, 52_300, 5, 60, 3, True)
    lab.save(name, scene)


@case("sse/wrong_type.pcap", "nginx answers EventSource with the page that it has for all paths")
def sse_wrong_type(lab, name):
    client, server = lab.pair()
    peers.nginx(lab, server, more_server="location / { try_files $uri /index.html; }")
    with lab.capture(client, "server", name):
        client.run("curl", "-sS", "-o", "/dev/null", "-H", "Accept: text/event-stream",
                   f"{realtime.SITE}/events")


@case("sse/json_instead.pcap", "a client that takes JSON as well as events, and gets JSON; a reader "
      "that is told to stop (204); one that gets events")
def sse_json_instead(lab, name):
    scene = Scene()
    for number, (accept, status, kind, body) in enumerate((
            ("application/json, text/event-stream", "200 OK", "application/json", b"{}"),
            ("text/event-stream", "204 No Content", "", b""),
            ("text/event-stream", "200 OK", "text/event-stream; charset=utf-8", b"data: x\n\n"))):
        talk = Talk(scene, "10.0.1.1", "10.0.1.2", (52_400 + number, 80), (1000, 5000))
        talk.open()
        talk.say(0, peers.get("/rpc", "shop.test", "1.1", f"Accept: {accept}"))
        more = [f"Content-Type: {kind}"] if kind else []
        talk.say(1, peers.response(body, *more, status=status))
        talk.close()
    lab.save(name, scene)
