"""realtime_cases.py - WebSocket, server-sent events and Socket.IO between real peers.

Beside most captures lies NAME.sent.jsonl: what the peers wrote down when they sent it, a line a
message. Tests hold the records against that.
"""
import base64
import copy
import hashlib
import json
import os
import re
import time

import packets
import peers
from cases import case
from decryption_cases import log_of as key_log_of
from lab import CAPTURES
from relay import Path
from tls_cases import Authority

SERVER = ("10.0.1.2", 9001)
SITE = "http://10.0.1.2"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def log_of(name):
    """The peers' log of captures/NAME, empty."""
    path = (CAPTURES / name).with_suffix(".sent.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def shielded(lab, server):
    """What a server of listener.js needs to speak TLS."""
    certificate, key = Authority(lab, server).issue("shop.test")
    return {**os.environ, "TLS_CERTIFICATE": certificate, "TLS_KEY": key}


# A certificate's name is not these captures' matter.
TRUSTING = {**os.environ, "NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1"}


def miss(lab, name, *chosen):
    """Takes data packets out of the capture: those of these numbers, or of shares of all."""

    def thin_out(all_packets):
        data = [one for one in all_packets
                if packets.is_tcp(one.data) and packets.tcp_payload(one.data)]
        missed = {id(data[int(i * len(data)) if isinstance(i, float) else i]) for i in chosen}
        return [one for one in all_packets if id(one) not in missed]

    lab.edit(name, thin_out)


# ---- WebSocket ----------------------------------------------------------------------------------


def chat(lab, name, count, server_deflate=False, client_deflate=False, pair=None, tls=False):
    client, server = pair or lab.pair()
    log = log_of(name)
    server.start("node", peers.HERE / "sockets.js", "server", "9001", log,
                 json.dumps(server_deflate), env=shielded(lab, server) if tls else None)
    server.await_port(9001)
    node = ["node", *([f"--tls-keylog={key_log_of(name)}"] if tls else [])]
    with lab.capture(client, "server", name):
        client.run(*node, peers.HERE / "sockets.js", "client",
                   f"{'wss' if tls else 'ws'}://10.0.1.2:9001/chat?room=5",
                   log, count, json.dumps(client_deflate), env=TRUSTING)


@case("websocket/chat.pcap", "node's ws: texts, binary messages, fragments, pings with pongs, a "
      "subprotocol, a close with a reason; nothing compressed")
def websocket_chat(lab, name):
    chat(lab, name, 28)


@case("websocket/deflate.pcap", "the same with permessage-deflate, context taken over on both "
      "sides")
def websocket_deflate(lab, name):
    chat(lab, name, 40, {"threshold": 0}, {"threshold": 0})


@case("websocket/deflate_one_sided.pcap", "the server takes no context over and the client has a "
      "window of 1 kB: what each side agreed to is its own")
def websocket_deflate_one_sided(lab, name):
    chat(lab, name, 40, {"threshold": 0, "serverNoContextTakeover": True,
                         "clientMaxWindowBits": 10}, {"threshold": 0, "clientMaxWindowBits": 10})


@case("websocket/lossy.pcap", "the compressed chat over a bad line: 6 % loss both ways, reordering, "
      "seen beside the client")
def websocket_lossy(lab, name):
    there = Path(0.004, loss=0.06, reorder=0.05, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=5, there=there, back=copy.copy(there))
    chat(lab, name, 30, {"threshold": 0}, {"threshold": 0}, (client, server))


@case("websocket/begun_before.pcap", "the last two thirds of websocket/chat.pcap: no handshake, "
      "found by its frames")
def websocket_begun_before(lab, name):
    chat(lab, name, 28)
    lab.edit(name, lambda all_packets: all_packets[len(all_packets) // 3:])


@case("websocket/capture_loss.pcap", "a compressed chat of which the capture missed some packets "
      "in the middle: framing is found again, and what refers to lost messages is shown as unknown")
def websocket_capture_loss(lab, name):
    chat(lab, name, 40, {"threshold": 0}, {"threshold": 0})
    miss(lab, name, 20, 21, 40, 55)


@case("websocket/tls.pcap", "the compressed chat over TLS 1.3, with keys")
def websocket_tls(lab, name):
    chat(lab, name, 40, {"threshold": 0}, {"threshold": 0}, tls=True)


@case("websocket/tls_lossy.pcap", "the compressed chat over TLS and a bad line, with keys")
def websocket_tls_lossy(lab, name):
    weather = Path(0.004, loss=0.06, reorder=0.05, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=6, there=weather, back=copy.copy(weather))
    chat(lab, name, 30, {"threshold": 0}, {"threshold": 0}, (client, server), tls=True)


@case("websocket/tls_capture_loss.pcap", "a chat over TLS, with keys, of which the capture missed "
      "some packets in the middle: records are opened again behind them, and frames found again")
def websocket_tls_capture_loss(lab, name):
    chat(lab, name, 28, tls=True)
    miss(lab, name, 0.4, 0.45, 0.6, 0.75)


def frame(opcode, data, masked=True, final=True, reserved=0):
    mask = b"\x11\x22\x33\x44"
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    if not masked:
        return head + length + data
    body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
    return head + bytes([length[0] | 0x80]) + length[1:] + mask + body


def handshake_texts(accept=None):
    """The request for a WebSocket and the answer."""
    key = base64.b64encode(b"sixteen bytes ..").decode()
    accept = accept or base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    request = peers.get("/bare", "shop.test", "1.1", "Upgrade: websocket", "Connection: Upgrade",
                        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13")
    return request, ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode()


def handshake(client, server, accept=None):
    """Both ends of a WebSocket between bare sockets."""
    request, answer = handshake_texts(accept)
    listening = peers.listener(server, SERVER[1])
    line = client.socket()
    line.connect(SERVER)
    line.sendall(request)
    other, _ = listening.accept()
    listening.close()
    peers.read_until(other, b"\r\n\r\n")
    other.sendall(answer)
    peers.read_until(line, b"\r\n\r\n")
    return line, other


@case("websocket/faults.pcap", "a fault a connection, each said by one end: a wrong accept, frames "
      "masked the wrong way, text that is no UTF-8, reserved bits, an unknown opcode, control "
      "frames too long and in fragments, a close without sense, talk behind the close")
def websocket_faults(lab, name):
    client, server = lab.pair()
    said = [(True, frame(1, b"hello", masked=False)), (False, frame(1, b"hello")),
            (True, frame(1, b"caf\xe9")), (False, frame(1, b"cut \xe2\x82", masked=False)),
            (True, frame(1, b"hello", reserved=4)), (False, frame(3, b"what?", masked=False)),
            (True, frame(9, b"p" * 200)), (False, frame(9, b"part", masked=False, final=False)),
            (True, frame(8, b"\x03\xed")),
            (False, frame(8, b"\x03\xe8", masked=False) + frame(1, b"more", masked=False))]
    with lab.capture(client, "server", name):
        for number, (by_client, data) in enumerate([(True, frame(1, b"hello")), *said]):
            wrong = None if number else "bm90IHRoZSByaWdodCBhY2NlcHQ="
            line, other = handshake(client, server, wrong)
            (line if by_client else other).sendall(data)
            time.sleep(0.05)
            line.close()
            other.close()


# ---- server-sent events -------------------------------------------------------------------------


def events(lab, name, *paths, pair=None, port=8081, address=SITE, options=(), tls=False):
    client, server = pair or lab.pair()
    environment = None
    if tls:
        address, options = address.replace("http", "https"), ("-k", "--http1.1", *options)
        environment = {**os.environ, "SSLKEYLOGFILE": str(key_log_of(name))}
    server.start("node", peers.HERE / "events.js", log_of(name),
                 env=shielded(lab, server) if tls else None)
    server.await_port(8081)
    if port == 80:
        peers.nginx(lab, server, more_server="location / { proxy_pass http://127.0.0.1:8081; "
                    "proxy_http_version 1.1; proxy_buffering off; }")
    with lab.capture(client, "server", name):
        for path in paths:
            client.run("curl", "-sS", "-N", "-o", "/dev/null", *options, f"{address}:{port}{path}",
                       check=False, env=environment)


@case("sse/plain.pcap", "node: thirty events with ids, types, a retry time and heartbeats; then the "
      "same stream again from event 25")
def sse_plain(lab, name):
    client, server = lab.pair()
    server.start("node", peers.HERE / "events.js", log_of(name))
    server.await_port(8081)
    with lab.capture(client, "server", name):
        curl = ("curl", "-sS", "-N", "-o", "/dev/null")
        client.run(*curl, f"{SITE}:8081/plain?count=30")
        client.run(*curl, "-H", "Last-Event-ID: 25", f"{SITE}:8081/plain?count=32")


@case("sse/gzip.pcap", "the same stream in gzip, flushed after each event, in chunks")
def sse_gzip(lab, name):
    events(lab, name, "/gzip?count=30", options=("--compressed",))


@case("sse/nginx.pcap", "through nginx: a stream with ids, then the tokens of a language model "
      "after a pause")
def sse_nginx(lab, name):
    events(lab, name, "/plain?count=12", "/tokens", port=80)


@case("sse/endless.pcap", "an event with CRLF and a byte order mark, then heartbeats with CR until "
      "the client has had enough")
def sse_endless(lab, name):
    events(lab, name, "/endless", options=("--max-time", "0.8"))


@case("sse/lossy.pcap", "a stream over a bad line: 8 % loss both ways, reordering, seen beside the "
      "client")
def sse_lossy(lab, name):
    weather = Path(0.004, loss=0.08, reorder=0.05, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=9, there=copy.copy(weather), back=weather)
    events(lab, name, "/plain?count=40", pair=(client, server))


@case("sse/capture_loss.pcap", "a stream in chunks of which the capture missed three packets: "
      "all events before the first hole, and none that was not sent")
def sse_capture_loss(lab, name):
    events(lab, name, "/plain?count=30")
    miss(lab, name, 9, 20, 21)


@case("sse/tls.pcap", "event streams over TLS, with keys: plain, in gzip, and the tokens of a "
      "language model")
def sse_tls(lab, name):
    events(lab, name, "/plain?count=12", "/gzip?count=12", "/tokens", options=("--compressed",),
           tls=True)


@case("sse/tls_lossy.pcap", "a stream over TLS and a bad line, with keys")
def sse_tls_lossy(lab, name):
    weather = Path(0.004, loss=0.08, reorder=0.05, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=10, there=copy.copy(weather), back=weather)
    events(lab, name, "/plain?count=30", pair=(client, server), tls=True)


@case("sse/tls_capture_loss.pcap", "a stream in chunks over TLS, with keys, of which the capture "
      "missed three packets")
def sse_tls_capture_loss(lab, name):
    events(lab, name, "/plain?count=30", tls=True)
    miss(lab, name, 0.4, 0.6, 0.63)


# ---- Socket.IO ----------------------------------------------------------------------------------


def rooms(lab, name, protocol, transports, count, pair=None, tls=False):
    client, server = pair or lab.pair()
    log = log_of(name)
    server.start("node", peers.HERE / "rooms.js", "server", protocol, "9001", log,
                 env=shielded(lab, server) if tls else None)
    server.await_port(9001)
    node = ["node", *([f"--tls-keylog={key_log_of(name)}"] if tls else [])]
    with lab.capture(client, "server", name):
        client.run(*node, peers.HERE / "rooms.js", "client", protocol,
                   f"http{'s' if tls else ''}://10.0.1.2:9001", log, transports, count, env=TRUSTING)


@case("socketio/upgraded.pcap", "socket.io 4: begins by polling, probes, goes over to WebSocket; two "
      "namespaces, acknowledgements, binary attachments, heartbeats")
def socketio_upgraded(lab, name):
    rooms(lab, name, "5", "polling,websocket", 17)


@case("socketio/polling.pcap", "the same that stays with polling")
def socketio_polling(lab, name):
    rooms(lab, name, "5", "polling", 17)


@case("socketio/websocket.pcap", "the same by WebSocket from the beginning")
def socketio_websocket(lab, name):
    rooms(lab, name, "5", "websocket", 17)


@case("socketio/old_upgraded.pcap", "socket.io 2 (Engine.IO 3): begins by polling, goes over to "
      "WebSocket")
def socketio_old_upgraded(lab, name):
    rooms(lab, name, "4", "polling,websocket", 17)


@case("socketio/old_polling.pcap", "socket.io 2 that stays with polling: payloads with lengths, "
      "in text and in binary")
def socketio_old_polling(lab, name):
    rooms(lab, name, "4", "polling", 17)


@case("socketio/jsonp.pcap", "socket.io 2 polled by curl as old browsers do (JSONP): payloads in "
      "scripts and forms")
def socketio_jsonp(lab, name):
    client, server = lab.pair()
    log = log_of(name)
    server.start("node", peers.HERE / "rooms.js", "server", "4", "9001", log)
    server.await_port(9001)
    site = "http://10.0.1.2:9001/socket.io/?EIO=3&transport=polling&j=0"

    def say(sid, text):
        packet = "42" + json.dumps(["say", text], ensure_ascii=False)
        with log.open("a") as out:
            out.write('{"from":"client","namespace":"/","event":"say"}\n')
        escaped = packet.replace("\\n", "\\\\n")
        client.run("curl", "-sS", "--data-urlencode", f"d={len(packet)}:{escaped}",
                   f"{site}&sid={sid}")
        client.run("curl", "-sS", f"{site}&sid={sid}")

    with lab.capture(client, "server", name):
        hello = client.run("curl", "-sS", site).decode()
        sid = re.search(r'sid\\":\\"([^\\]+)', hello)[1]
        for text in ("number 1", "two\nlines", "Größe & +100 %"):
            say(sid, text)


@case("socketio/lossy.pcap", "socket.io 4 with an upgrade over a bad line: 5 % loss both ways")
def socketio_lossy(lab, name):
    weather = Path(0.004, loss=0.05, reorder=0.03, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=3, there=copy.copy(weather), back=weather)
    rooms(lab, name, "5", "polling,websocket", 17, (client, server))


@case("socketio/tls.pcap", "socket.io 4 with an upgrade, over TLS, with keys")
def socketio_tls(lab, name):
    rooms(lab, name, "5", "polling,websocket", 9, tls=True)


@case("socketio/tls_lossy.pcap", "the same over a bad line")
def socketio_tls_lossy(lab, name):
    weather = Path(0.004, loss=0.05, reorder=0.03, lag=0.006)
    client, server, _ = lab.relayed_pair(seed=4, there=copy.copy(weather), back=weather)
    rooms(lab, name, "5", "polling,websocket", 9, (client, server), tls=True)


@case("socketio/tls_capture_loss.pcap", "socket.io 4 by WebSocket over TLS, with keys, of which the "
      "capture missed some packets in the middle")
def socketio_tls_capture_loss(lab, name):
    rooms(lab, name, "5", "websocket", 17, tls=True)
    miss(lab, name, 0.45, 0.6, 0.8)
