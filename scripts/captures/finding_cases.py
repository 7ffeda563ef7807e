"""finding_cases.py - faults that rules find, and what comes close to them; written packet by packet.

Times, addresses and numbers are chosen, so these captures are the same each time they are made.
captures/findings.tsv says what is found in each.
"""
import gzip

import packets
from cases import case
from packets import ACK, FIN, PSH, RST, SYN, Scene, Talk
from peers import get, response

CLIENT, SERVER = "10.0.1.1", "10.0.1.2"


def talk_of(scene, port, client=CLIENT, server=SERVER, service=80):
    return Talk(scene, client, server, (port, service), (port * 1000, port * 3000))


def exchange(talk, path, body=b"ok\n", wait=0.001):
    """A request and its answer after `wait` seconds."""
    talk.segment(0, get(path), PSH | ACK)
    talk.segment(1, after=0.0002)
    talk.segment(1, response(body), PSH | ACK, after=wait)
    talk.segment(0)


def visit(scene, port, path="/", server_first=False, **peers):
    """A connection with one exchange, closed by the client or by the server."""
    talk = talk_of(scene, port, **peers)
    talk.open()
    exchange(talk, path)
    first = 1 if server_first else 0
    talk.segment(first, flags=FIN | ACK)
    talk.segment(1 - first, flags=FIN | ACK)
    talk.segment(first)


def silent_visit(scene, port, **peers):
    """A connection that is opened and closed without a word."""
    talk = talk_of(scene, port, **peers)
    talk.open()
    talk.close()


@case("findings/busy_service.pcap", "150 clients a second, each with a connection of its own that "
      "is completed: busy, not flooded")
def busy_service(lab, name):
    scene = Scene()
    for number in range(180):
        talk = talk_of(scene, 30_000 + number, client=f"10.1.{number // 200}.{number % 200 + 1}")
        talk.open()
        talk.close()
        scene.wait(0.006)
    lab.save(name, scene)


@case("findings/port_scan.pcap", "one host tries forty ports of another: most refuse, some drop, "
      "two are open and reset at once")
def port_scan(lab, name):
    scene = Scene()
    for number in range(40):
        talk = talk_of(scene, 51_000 + number, client="10.0.1.66", service=20 + 3 * number)
        talk.segment(0, flags=SYN, options=Talk.MSS, after=0.01)
        if number in (7, 20):
            talk.segment(1, flags=SYN | ACK, options=Talk.MSS)
            talk.segment(0, flags=RST)
        elif number % 4:
            talk.segment(1, flags=RST | ACK)
    visit(scene, 50_000)
    lab.save(name, scene)


@case("findings/host_sweep.pcap", "one host tries port 445 of forty others: few are there, one is "
      "open")
def host_sweep(lab, name):
    scene = Scene()
    for number in range(40):
        talk = talk_of(scene, 52_000 + number, client="10.0.1.66", server=f"10.0.2.{number + 1}",
                       service=445)
        talk.segment(0, flags=SYN, options=Talk.MSS, after=0.02)
        if number == 12:
            talk.segment(1, flags=SYN | ACK, options=Talk.MSS)
            talk.segment(0, flags=RST)
        elif number % 5 == 0:
            talk.segment(1, flags=RST | ACK)
    lab.save(name, scene)


@case("findings/health_checks.pcap", "a balancer that looks after twenty servers and four ports of "
      "each: open, a word, closed")
def health_checks(lab, name):
    scene = Scene()
    for number in range(20):
        for service in (80, 81, 8080, 8443):
            silent_visit(scene, 20_000 + number * 4 + service % 4, client="10.0.1.5",
                         server=f"10.0.2.{number + 1}", service=service)
            scene.wait(0.05)
    lab.save(name, scene)


@case("findings/time_wait.pcap", "120 connections a second apart by a tenth, each closed by the "
      "client first: its sockets rest in TIME_WAIT, all at once")
def time_wait(lab, name):
    scene = Scene()
    for number in range(120):
        silent_visit(scene, 40_000 + number)
        scene.wait(0.1)
    lab.save(name, scene)


@case("findings/time_wait_spread.pcap", "the same over six minutes: most have rested before the "
      "last ones come")
def time_wait_spread(lab, name):
    scene = Scene()
    for number in range(120):
        silent_visit(scene, 40_000 + number)
        scene.wait(3)
    lab.save(name, scene)


@case("findings/port_at_rest.pcap", "a SYN to a server whose socket for these ports still rests in "
      "TIME_WAIT, older by its number: an old ACK answers, RST, and again a second later")
def port_at_rest(lab, name):
    scene = Scene()
    talk = talk_of(scene, 40_000)
    talk.open()
    talk.say(0, get("/"))
    talk.say(1, response(b"bye\n"))
    talk.segment(1, flags=FIN | ACK)
    talk.segment(0, flags=FIN | ACK)
    talk.segment(1)
    scene.wait(2)
    talk.segment(0, flags=SYN, at=9_000_000, options=Talk.MSS)
    talk.segment(1)
    talk.segment(0, flags=RST, at=talk.next[0])
    talk.segment(0, flags=SYN, at=9_000_000, options=Talk.MSS, after=1)
    talk.segment(1)
    lab.save(name, scene)


@case("findings/close_wait.pcap", "the server closes five connections; the client's application "
      "never closes its side in 70 s, in which another one goes on")
def close_wait(lab, name):
    scene = Scene()
    for number in range(5):
        talk = talk_of(scene, 41_000 + number)
        talk.open()
        exchange(talk, "/")
        talk.segment(1, flags=FIN | ACK)
        talk.segment(0)
    other = talk_of(scene, 42_000)
    other.open()
    for number in range(8):
        scene.wait(9)
        exchange(other, f"/{number}")
    other.close()
    lab.save(name, scene)


@case("findings/idle_reset.pcap", "three connections that are used again after 350 s: a middlebox "
      "has forgotten them and resets, with a hop count of its own")
def idle_reset(lab, name):
    scene = Scene()
    talks = [talk_of(scene, 43_000 + number) for number in range(3)]
    for talk in talks:
        talk.open()
        exchange(talk, "/first")
    scene.wait(350)
    for number, talk in enumerate(talks):
        talk.segment(0, get("/second"), PSH | ACK, after=0.5 + number)
        talk.segment(1, flags=RST, ttl=250, after=0.002)
    lab.save(name, scene)


@case("findings/idle_used.pcap", "connections that are used again after 350 s and answered; one "
      "that the server closed in time, so that the request that crosses is reset")
def idle_used(lab, name):
    scene = Scene()
    talks = [talk_of(scene, 43_000 + number) for number in range(3)]
    for talk in talks:
        talk.open()
        exchange(talk, "/first")
    scene.wait(350)
    for talk in talks[:2]:
        exchange(talk, "/second")
        talk.close()
    closing = talks[2]
    closing.segment(1, flags=FIN | ACK)
    closing.segment(0, get("/second"), PSH | ACK, after=0.00001)
    closing.segment(1, flags=RST, after=0.001)
    lab.save(name, scene)


@case("findings/reset_storm.pcap", "thirty connections whose server resets them in the middle of "
      "the answer, within three seconds")
def reset_storm(lab, name):
    scene = Scene()
    for number in range(30):
        talk = talk_of(scene, 44_000 + number)
        talk.open()
        talk.segment(0, get("/report"), PSH | ACK)
        talk.segment(1, b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", PSH | ACK, after=0.02)
        talk.segment(1, flags=RST | ACK, after=0.05)
        scene.wait(0.03)
    lab.save(name, scene)


@case("findings/few_resets.pcap", "thirty health checks that reset in place of closing, without a "
      "word; and four resets among thirty exchanges")
def few_resets(lab, name):
    scene = Scene()
    for number in range(30):
        talk = talk_of(scene, 45_000 + number, service=8080)
        talk.open()
        talk.segment(0, flags=RST | ACK)
        scene.wait(0.1)
    for number in range(30):
        if number % 8:
            visit(scene, 46_000 + number)
            continue
        talk = talk_of(scene, 46_000 + number)
        talk.open()
        exchange(talk, "/")
        talk.segment(0, flags=RST | ACK)
    lab.save(name, scene)


@case("findings/probes_unanswered.pcap", "an idle connection whose other end is gone: six "
      "keep-alives, ten seconds apart, and no answer")
def probes_unanswered(lab, name):
    scene = Scene()
    talk = talk_of(scene, 47_000)
    talk.open()
    exchange(talk, "/")
    scene.wait(20)
    for _ in range(6):
        talk.segment(0, at=talk.next[0] - 1, after=10)
    lab.save(name, scene)


@case("findings/path_mtu_blackhole.pcap", "the handshake and the request pass, the first segments "
      "of full size never do: timeouts of 0.2 to 3.2 s, and no ICMP")
def path_mtu_blackhole(lab, name):
    scene = Scene()
    talk = talk_of(scene, 48_000)
    talk.open()
    scene.wait(0.02)
    talk.segment(0, get("/large"), PSH | ACK)
    talk.segment(1, after=0.0002)
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + bytes(range(32, 127)) * 20
    begin = talk.next[1]
    talk.segment(1, body[:1460], ACK, at=begin, after=0.01)
    wait = 0.2
    for _ in range(5):
        talk.segment(1, body[:1460], ACK, at=begin, after=wait)
        wait *= 2
    lab.save(name, scene)


@case("findings/window_without_need.pcap", "a window that stands at 0 for two seconds while its "
      "peer has nothing to send")
def window_without_need(lab, name):
    scene = Scene()
    talk = talk_of(scene, 49_000)
    talk.open()
    talk.segment(0, b"x" * 1000, PSH | ACK)
    closed = packets.tcp(b"", SERVER, CLIENT, (80, 49_000), talk.next[1], talk.next[0], window=0)
    scene.frame(packets.ethernet(packets.ipv4(closed, SERVER, CLIENT), source=2, destination=1))
    scene.wait(2)
    talk.segment(1)
    talk.segment(0, b"y" * 100, PSH | ACK)
    talk.segment(1)
    talk.close()
    lab.save(name, scene)


def answer(request, body=b"ok\n", *more, scene, port, status="200 OK", wait=0.001, **peers):
    """A connection with one exchange of which both messages are given."""
    talk = talk_of(scene, port, **peers)
    talk.open()
    talk.segment(0, request, PSH | ACK)
    talk.segment(1, after=0.0002)
    talk.segment(1, response(body, *more, status=status), PSH | ACK, after=wait)
    talk.segment(0)
    talk.close()


@case("findings/no_keep_alive.pcap", "twenty-four requests in a row, each on a connection of its own "
      "that the client asks to close, 20 ms away")
def no_keep_alive(lab, name):
    scene = Scene()
    for number in range(24):
        talk = talk_of(scene, 31_000 + number)
        talk.segment(0, flags=SYN, options=Talk.MSS)
        talk.segment(1, flags=SYN | ACK, options=Talk.MSS, after=0.02)
        talk.segment(0)
        talk.segment(0, get(f"/item/{number}", "shop.test", "1.1", "Connection: close"), PSH | ACK)
        talk.segment(1, response(b"ok\n", "Connection: close"), PSH | ACK, after=0.021)
        talk.segment(0)
        talk.segment(1, flags=FIN | ACK)
        talk.segment(0, flags=FIN | ACK)
        talk.segment(1, after=0.02)
    lab.save(name, scene)


ACCEPT = "Accept-Encoding: gzip, br"
SCRIPT = b"function add(a, b) { return a + b; }\n" * 35


def fetch(scene, port, path, body, *more):
    """A request that accepts gzip, and its answer cut into segments."""
    talk = talk_of(scene, port)
    talk.open()
    talk.segment(0, get(path, "shop.test", "1.1", ACCEPT), PSH | ACK)
    whole = response(body, *more)
    for start in range(0, len(whole), 1400):
        talk.segment(1, whole[start:start + 1400], ACK)
        talk.segment(0)
    talk.close()


@case("findings/uncompressed.pcap", "two scripts of 12 kB and a page, as they are, to a client "
      "that takes gzip")
def uncompressed(lab, name):
    scene = Scene()
    for number, kind in enumerate(("text/javascript", "text/html; charset=utf-8",
                                   "application/json")):
        fetch(scene, 32_000 + number, f"/large/{number}", SCRIPT * 10, f"Content-Type: {kind}")
    lab.save(name, scene)


@case("findings/compressed.pcap", "a script in gzip, a picture, a short page: nothing that should "
      "be compressed and is not")
def compressed(lab, name):
    scene = Scene()
    fetch(scene, 32_100, "/script.js", gzip.compress(SCRIPT * 300, mtime=0),
          "Content-Type: text/javascript", "Content-Encoding: gzip")
    fetch(scene, 32_101, "/picture.png", SCRIPT * 10, "Content-Type: image/png")
    fetch(scene, 32_102, "/short.html", SCRIPT, "Content-Type: text/html")
    lab.save(name, scene)


@case("findings/get_with_body.pcap", "a search that sends its query as the body of a GET")
def get_with_body(lab, name):
    scene = Scene()
    query = b'{"words": "red shoes"}'
    answer(get("/search", "shop.test", "1.1", f"Content-Length: {len(query)}") + query,
           scene=scene, port=33_000)
    lab.save(name, scene)


@case("findings/polling.pcap", "a page that asks every two seconds whether there are messages; "
      "there is one in twenty answers")
def polling(lab, name):
    scene = Scene()
    talk = talk_of(scene, 34_000)
    talk.open()
    for number in range(20):
        exchange(talk, "/messages?since=7", b'["hello"]' if number == 11 else b"[]", wait=0.03)
        scene.wait(2)
    talk.close()
    lab.save(name, scene)


@case("findings/news.pcap", "the same pace, but each answer brings something new; and a page whose "
      "twenty pictures are one file")
def news(lab, name):
    scene = Scene()
    talk = talk_of(scene, 34_100)
    talk.open()
    for number in range(20):
        exchange(talk, "/ticker", b"x" * (number * 7 % 31 + 5), wait=0.03)
        scene.wait(2)
    for number in range(20):
        exchange(talk, "/dot.gif", b"GIF89a")
    talk.close()
    lab.save(name, scene)


@case("findings/redirects.pcap", "http to https's host, to www, to a slash, to the language: four "
      "redirects before a page")
def redirects(lab, name):
    scene = Scene()
    steps = (("shop.test", "/", "http://www.shop.test/"),
             ("www.shop.test", "/", "/start"), ("www.shop.test", "/start", "/start/"),
             ("www.shop.test", "/start/", "/start/en"))
    for number, (host, path, location) in enumerate(steps):
        answer(get(path, host), b"", f"Location: {location}", scene=scene, port=35_000 + number,
               status="301 Moved Permanently", wait=0.03)
    answer(get("/start/en", "www.shop.test"), b"Welcome\n", scene=scene, port=35_010)
    lab.save(name, scene)


def order(number):
    body = b'{"item": %d, "pieces": 1}' % number
    head = f"POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@case("findings/order_twice.pcap", "an order whose connection breaks before the answer; the client "
      "sends it again a second later")
def order_twice(lab, name):
    scene = Scene()
    talk = talk_of(scene, 36_000)
    talk.open()
    talk.segment(0, order(17), PSH | ACK)
    talk.segment(1)
    talk.segment(1, flags=RST | ACK, after=0.5)
    scene.wait(1)
    answer(order(17), b"accepted\n", scene=scene, port=36_001, status="201 Created")
    lab.save(name, scene)


@case("findings/two_orders.pcap", "two orders alike, both answered; and a GET whose connection "
      "breaks and that is sent again")
def two_orders(lab, name):
    scene = Scene()
    for number in range(2):
        answer(order(17), b"accepted\n", scene=scene, port=36_100 + number, status="201 Created")
        scene.wait(1)
    talk = talk_of(scene, 36_110)
    talk.open()
    talk.segment(0, get("/stock"), PSH | ACK)
    talk.segment(1)
    talk.segment(1, flags=RST | ACK, after=0.5)
    answer(get("/stock"), scene=scene, port=36_111)
    lab.save(name, scene)


@case("findings/long_poll.pcap", "a chat that asks, is answered when there is news or after 20 s, "
      "and asks again at once; beside it one slow report")
def long_poll(lab, name):
    scene = Scene()
    talk, other = talk_of(scene, 37_000), talk_of(scene, 37_001)
    talk.open()
    other.open()
    for number in range(6):
        exchange(talk, f"/events?after={number}", b'["%d"]' % number, wait=20 if number % 2 else 7)
        if number == 2:
            exchange(other, "/report", wait=6)
    talk.close()
    other.close()
    lab.save(name, scene)


def cut_short(talk, announced, sent):
    """An answer of which `sent` bytes of `announced` come."""
    talk.open()
    talk.segment(0, get("/file"), PSH | ACK)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n".encode()
    talk.segment(1, head + b"z" * sent, PSH | ACK)
    talk.segment(0)


@case("findings/cut_short.pcap", "three answers whose server closes or resets after 700 of 1,000 "
      "bytes")
def cut_short_case(lab, name):
    scene = Scene()
    for number in range(3):
        talk = talk_of(scene, 38_000 + number)
        cut_short(talk, 1000, 700)
        if number == 2:
            talk.segment(1, flags=RST | ACK)
            continue
        talk.segment(1, flags=FIN | ACK)
        talk.segment(0, flags=FIN | ACK)
        talk.segment(1)
    lab.save(name, scene)


@case("findings/client_leaves.pcap", "the same, but the client closes first, or resets; and one "
      "that is still on its way when the capture ends")
def client_leaves(lab, name):
    scene = Scene()
    for number in range(3):
        talk = talk_of(scene, 38_100 + number)
        cut_short(talk, 1000, 700)
        if number == 0:
            talk.segment(0, flags=FIN | ACK)
            talk.segment(1, flags=FIN | ACK)
            talk.segment(0)
        elif number == 1:
            talk.segment(0, flags=RST | ACK)
    lab.save(name, scene)


def dribble(scene, talks, pieces):
    for piece in pieces:
        scene.wait(2)
        for talk in talks:
            talk.segment(0, piece, PSH | ACK)
            talk.segment(1)


@case("findings/slowloris.pcap", "twelve connections of one host that each send a field every two "
      "seconds and never end the request")
def slowloris(lab, name):
    scene = Scene()
    talks = [talk_of(scene, 39_000 + number, client="10.0.1.66") for number in range(12)]
    for talk in talks:
        talk.open()
    dribble(scene, talks, [b"GET / HTTP/1.1\r\nHost: shop.test\r\n"] +
            [b"X-%d: %d\r\n" % (number, number) for number in range(8)])
    for talk in talks:
        talk.segment(1, flags=RST | ACK)
    lab.save(name, scene)


@case("findings/slow_uplink.pcap", "twelve uploads over a slow line: a segment every two seconds, "
      "each full, all answered")
def slow_uplink(lab, name):
    scene = Scene()
    talks = [talk_of(scene, 39_100 + number, client="10.0.1.67") for number in range(12)]
    body = b"u" * 400
    for talk in talks:
        talk.open()
    head = b"POST /photo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 3200\r\n\r\n"
    dribble(scene, talks, [head] + [body] * 8)
    for talk in talks:
        talk.segment(1, response(b"thanks\n"), PSH | ACK)
        talk.segment(0)
        talk.close()
    lab.save(name, scene)


@case("findings/sharding.pcap", "a page whose pictures come from img1 to img5.shop.test, all of "
      "them one server")
def sharding(lab, name):
    scene = Scene()
    answer(get("/"), scene=scene, port=29_000)
    for number in range(1, 6):
        answer(get(f"/{number}.png", f"img{number}.shop.test"), scene=scene, port=29_000 + number)
    lab.save(name, scene)


@case("findings/many_sites.pcap", "five sites of five owners on one server, and www beside one of "
      "them")
def many_sites(lab, name):
    scene = Scene()
    for number, host in enumerate(("www.shop.test", "shop.test", "www.books.test", "www.tea.test",
                                   "www.shoes.test", "www.news.test")):
        answer(get("/", host), scene=scene, port=29_100 + number)
    lab.save(name, scene)
