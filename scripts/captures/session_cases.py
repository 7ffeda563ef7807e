"""session_cases.py - a browser's visit to a site, in TLS, with its secrets."""
import os
import shutil
import struct
import time

import lab as labs
import packets
import peers
from cases import case
from tls_cases import Authority

ENHANCED_PACKET = b"\x06\0\0\0"
DONE = '{"what":"done"}'
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--no-first-run", "--no-pings", "--disable-extensions",
         "--disable-features=Translate,OptimizationHints,MediaRouter,NetworkTimeServiceQuerying")


@case("session/browser.pcapng", "Chromium visits a site over TLS, secrets inside: a page and what it "
      "needs over HTTP/2, an answer token by token as server-sent events, a compressed chat over "
      "WebSocket, Socket.IO that begins by polling")
def browser(lab, name):
    client, server = lab.pair()
    authority = Authority(lab, server)
    certificate, key = authority.issue("shop.test")
    shutil.copy(authority.root, labs.CAPTURES / "session" / "authority.pem")
    log = (labs.CAPTURES / name).with_suffix(".sent.jsonl")
    log.write_text("")
    server.start("node", peers.HERE / "site.js", log, key, certificate)
    server.await_port(443)
    secrets = lab.folder / "secrets"
    with lab.capture(client, "server", name, "tcp port 443", settle=1.0):
        program = client.start("chromium", *QUIET, f"--user-data-dir={lab.folder / 'profile'}",
                               "--ignore-certificate-errors",
                               "--host-resolver-rules=MAP shop.test 10.0.1.2", "https://shop.test/",
                               env={**os.environ, "SSLKEYLOGFILE": str(secrets)})
        await_line(log, DONE)
        time.sleep(0.5)
        program.terminate()
        program.wait()
    path = labs.CAPTURES / name
    packets.write_pcapng(path, [packets.read_pcap(lab.folder / f"{path.name}.raw")], ["eth0"],
                         tls_keys=secrets.read_bytes())


def await_line(log, line, seconds=90.0):
    deadline = time.monotonic() + seconds
    while line not in log.read_text().splitlines():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{log.name} never says {line}")
        time.sleep(0.1)


@case("session/browser_cut.pcapng", "the same without a stretch of its middle, in which all four "
      "connections spoke: what comes behind is decrypted and told again")
def browser_cut(lab, name):
    del lab
    write_without(name, 55, 65)


@case("session/browser_tail.pcapng", "the same without its first two fifths: no handshake was seen, "
      "the secrets are found by what they open")
def browser_tail(lab, name):
    del lab
    write_without(name, 0, 40)


def write_without(name, begin, end):
    """The whole visit but for the packets between these hundredths of it."""
    whole = (labs.CAPTURES / "session" / "browser.pcapng").read_bytes()
    blocks = list(blocks_of(whole))
    packet = [number for number, block in enumerate(blocks) if block.startswith(ENHANCED_PACKET)]
    gone = set(packet[len(packet) * begin // 100:len(packet) * end // 100])
    kept = [block for number, block in enumerate(blocks) if number not in gone]
    (labs.CAPTURES / name).write_bytes(b"".join(kept))


def blocks_of(data):
    """The blocks of a pcapng in this machine's order."""
    at = 0
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 4)[0]
        yield data[at:at + length]
        at += length
