"""decryption_cases.py - TLS with its secrets beside it: NAME.keys, or the server's RSA key."""
import os
import pathlib

import lab as laboratory
import packets
import peers
from cases import case
from tls_cases import ANY, PAGE, Authority, ask, serve


def log_of(name, fresh=True):
    """The key log of a capture, empty at first; or, if not `fresh`, with what is in it already."""
    path = laboratory.CAPTURES / f"{name}.keys"
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        path.write_text("")
    return path


def merge(log, part):
    """s_client begins its log anew each time."""
    with log.open("a") as out:
        out.writelines(line for line in part.read_text().splitlines(True)
                       if not line.startswith("#"))
    part.unlink()


def asks(lab, host, log, *words, page=PAGE, port=443):
    part = lab.folder / "part.keys"
    ask(host, "-keylogfile", part, *words, page=page, port=port)
    merge(log, part)


def typed(lab, host, log, script, words):
    """s_client that reads what a shell script types."""
    part = lab.folder / "part.keys"
    host.run("sh", "-c", f"({script}) | openssl s_client -connect 10.0.1.2:443 -servername "
             f"shop.test -keylogfile {part} {words}", check=False, timeout=20)
    merge(log, part)


@case("tls/suites_13.pcap", "a page over each of the five suites of TLS 1.3, with keys")
def suites_13(lab, name):
    client, server = lab.pair()
    suites = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
              "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256")
    serve(server, Authority(lab, server).issue("shop.test"), "-ciphersuites", ":".join(suites))
    log = log_of(name)
    with lab.capture(client, "server", name):
        for suite in suites:
            asks(lab, client, log, "-ciphersuites", suite)


@case("tls/suites_12.pcap", "a page over each family of suites of TLS 1.2 and before, with keys: GCM, "
      "CCM, CCM_8, ChaCha20, CBC both ways of MAC, Camellia, ARIA, none; 1.0 and 1.1")
def suites_12(lab, name):
    client, server = lab.pair()
    authority = Authority(lab, server)
    serve(server, authority.issue("shop.test"), "-cipher", "ALL:eNULL:@SECLEVEL=0")
    serve(server, authority.issue("rsa.test", ("rsa:2048",)), "-cipher", "ALL:eNULL:@SECLEVEL=0",
          port=444)
    log = log_of(name)
    with lab.capture(client, "server", name):
        for suite in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-CCM", "AES256-CCM8",
                      "CHACHA20-POLY1305", "AES128-SHA256", "AES256-SHA384", "CAMELLIA128-SHA256",
                      "AES128-SHA", "NULL-SHA"):
            asks(lab, client, log, "-tls1_2", "-cipher", f"ECDHE-ECDSA-{suite}:@SECLEVEL=0")
        for suite in ("AES128-SHA256", "AES256-SHA"):
            asks(lab, client, log, "-tls1_2", "-no_etm", "-cipher",
                 f"ECDHE-ECDSA-{suite}:@SECLEVEL=0")
        for suite in ("ECDHE-ARIA256-GCM-SHA384", "DHE-RSA-AES128-GCM-SHA256", "AES256-SHA256",
                      "NULL-MD5"):
            asks(lab, client, log, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", port=444)
        for words in (("-tls1",), ("-tls1", "-no_etm"), ("-tls1_1",), ("-tls1_1", "-no_etm")):
            asks(lab, client, log, *words, "-cipher", ANY)


@case("tls/key_update.pcap", "TLS 1.3 whose client changes keys and asks the server to, twice, before "
      "it asks for a page; with keys")
def key_update(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test"))
    log = log_of(name)
    with lab.capture(client, "server", name):
        typed(lab, client, log, "sleep 0.3; echo K; sleep 0.3; echo k; sleep 0.3; echo K; sleep 0.3;"
              "printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 0.3", "-tls1_3 -ign_eof")


@case("tls/early_request.pcap", "0-RTT with keys: a full handshake, a request in early data, and the "
      "same ticket again, so that the early data is refused")
def early_request(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test"), "-early_data", "-max_early_data",
          "16384", page=False)
    session, request = lab.folder / "session", lab.folder / "request"
    request.write_bytes(b"GET /early HTTP/1.1\r\nHost: shop.test\r\n\r\n")
    log = log_of(name)
    with lab.capture(client, "server", name):
        for words in (f"-sess_out {session}", *[f"-sess_in {session} -early_data {request}"] * 2):
            typed(lab, client, log, "sleep 0.4; printf 'GET /late HTTP/1.1\\r\\nHost: shop.test\\r\\n"
                  "\\r\\n'; sleep 0.3; echo Q", "-tls1_3 " + words)


@case("tls/resumed.pcap", "sessions taken up again, with keys: TLS 1.2 by id and by ticket, TLS 1.3; "
      "then a HelloRetryRequest, and a client with a certificate")
def resumed(lab, name):
    client, server = lab.pair()
    authority = Authority(lab, server)
    me, identity = authority.issue("client.test"), authority.issue("shop.test")
    serve(server, identity)
    serve(server, identity, "-groups", "P-384", "-Verify", "1", "-CAfile", authority.root, port=444)
    session = lab.folder / "session"
    log = log_of(name)
    with lab.capture(client, "server", name):
        for words in (("-tls1_2", "-no_ticket"), ("-tls1_2",), ("-tls1_3",)):
            asks(lab, client, log, *words, "-sess_out", session)
            asks(lab, client, log, *words, "-sess_in", session)
        asks(lab, client, log, "-groups", "X25519:P-384", "-cert", me[0], "-key", me[1], port=444)


@case("tls/rsa_key_exchange.pcap", "key exchange by RSA, with the server's key (rsa_key_exchange.pem): "
      "TLS 1.2 with and without the extended master secret's like, 1.0, and sessions taken up again by "
      "id and by ticket")
def rsa_key_exchange(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test", ("rsa:2048",))
    serve(server, identity, "-cipher", ANY)
    key = (laboratory.CAPTURES / name).with_suffix(".pem")
    key.write_bytes(pathlib.Path(identity[1]).read_bytes())
    session = lab.folder / "session"
    with lab.capture(client, "server", name):
        ask(client, "-tls1_2", "-cipher", "AES128-GCM-SHA256")
        ask(client, "-tls1", "-cipher", "AES256-SHA:@SECLEVEL=0")
        for words in (("-no_ticket",), ()):
            words = ("-tls1_2", "-cipher", "AES256-GCM-SHA384", *words)
            ask(client, *words, "-sess_out", session)
            ask(client, *words, "-sess_in", session)


def shop(lab, host, authority):
    identity = authority.issue("shop.test")
    peers.nginx(lab, host, {"big.bin": peers.pattern(60_000), "a.css": peers.pattern(900)},
                more_server=f"""
    listen 443 ssl; ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
    ssl_protocols TLSv1.2 TLSv1.3;""")


def visit(lab, host, authority, log, *words):
    host.run("curl", "-sS", "--http1.1", "--cacert", authority.root, *words,
             "--resolve", "shop.test:443:10.0.1.2", "-o", "/dev/null", "https://shop.test/",
             "-o", "/dev/null", "https://shop.test/big.bin",
             "-o", "/dev/null", "https://shop.test/a.css",
             env={**os.environ, "SSLKEYLOGFILE": str(log)})


@case("tls/shop.pcap", "curl fetches three files from nginx over one connection, over TLS 1.3 and over "
      "1.2; with keys")
def shop_visit(lab, name):
    client, server = lab.pair()
    authority = Authority(lab, server)
    shop(lab, server, authority)
    log = log_of(name)
    with lab.capture(client, "server", name):
        visit(lab, client, authority, log)
        visit(lab, client, authority, log, "--tls-max", "1.2")


@case("tls/shop_with_holes.pcap", "the same where the capture misses some packets of the download: "
      "what comes behind a hole is decrypted again")
def shop_with_holes(lab, name):
    shop_visit(lab, name)

    def lose(all_packets):
        long = [packet for packet in all_packets if len(packet.data) > 1400]
        lost = {id(packet) for packet in long[8:11] + long[-9:-7]}
        return [packet for packet in all_packets if id(packet) not in lost]

    lab.edit(name, lose)


@case("tls/keys_inside.pcapng", "curl and nginx again; the secrets lie inside the capture, in a "
      "decryption secrets block")
def keys_inside(lab, name):
    shop_visit(lab, name)
    path = laboratory.CAPTURES / name
    log = path.with_name(path.name + ".keys")
    packets.write_pcapng(path, [packets.read_pcap(lab.folder / f"{path.name}.raw")], ["eth0"],
                         tls_keys=log.read_bytes())
    log.unlink()
