"""tls_rule_cases.py - TLS that goes wrong, or is poor, and what looks like it and is not.

Real servers and clients; only what none of them speaks any more (SSL 3.0, export suites) is written
packet by packet.
"""
import ssl
import time

import peers
import relay
from cases import case
from packets import Scene, Talk
from tls_cases import ANY, SERVER, Authority, ask, await_listener, serve

_HOST = "shop.test:443:10.0.1.2"


def gnutls(host, identity, port, priority):
    """gnutls-serv, which still speaks what OpenSSL has dropped."""
    host.start("gnutls-serv", "--http", "--quiet", "-p", port, "--x509certfile", identity[0],
               "--x509keyfile", identity[1], "--priority", priority)
    await_listener(host, port)


def gnutls_ask(host, port, priority):
    host.run("gnutls-cli", "--insecure", "--sni-hostname", "shop.test", "--verify-hostname",
             "shop.test", "-p", port, "--priority", priority, "10.0.1.2",
             input=peers.get("/", "shop.test", "1.0"), check=False, timeout=20)


def small_group(lab, host):
    """Diffie-Hellman parameters of 1,536 bits."""
    path = lab.folder / "dh.pem"
    host.run("openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:modp_1536",
             "-out", path)
    return path


@case("tls/weak_ciphers.pcap", "suites that protect little: RC4 and 3DES (gnutls), no encryption, "
      "nobody authenticated, and a Diffie-Hellman group of 1,536 bits (s_server)")
def weak_ciphers(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test", ("rsa:2048",))
    old = "NORMAL:+ARCFOUR-128:+3DES-CBC:+RSA:+SHA1:%COMPAT:-VERS-TLS1.3"
    gnutls(server, identity, 443, old)
    serve(server, identity, "-cipher", "ALL:eNULL:aNULL:@SECLEVEL=0", port=444)
    group = small_group(lab, server)
    serve(server, identity, "-cipher", ANY, "-dhparam", group, port=445)
    with lab.capture(client, "server", name):
        for cipher in ("ARCFOUR-128", "3DES-CBC"):
            gnutls_ask(client, 443, f"NONE:+VERS-TLS1.2:+{cipher}:+SHA1:+RSA:+ECDHE-RSA:"
                       "+GROUP-ALL:+SIGN-ALL:+COMP-NULL:+CTYPE-ALL")
        for suite in ("NULL-SHA256", "AECDH-AES128-SHA"):
            ask(client, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", port=444)
        ask(client, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", port=445)


def record(kind, body, version=0x0300):
    return bytes([kind]) + version.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


@case("tls/ssl3.pcap", "SSL 3.0 with an export suite (RC4 with 40 bits), as a browser of 1997 and its "
      "server would; written packet by packet")
def ssl3(lab, name):
    scene = Scene()
    talk = Talk(scene, "10.0.1.1", "10.0.1.2", (40_000, 443))
    suites = bytes.fromhex("0003 0006 0008 000a 0004")
    random = peers.pattern(32)
    talk.open()
    talk.say(0, record(22, message(1, b"\3\0" + random + b"\0" + len(suites).to_bytes(2, "big")
                                   + suites + b"\1\0")))
    talk.say(1, record(22, message(2, b"\3\0" + random[::-1] + b"\0" + b"\0\3" + b"\0")
                       + message(14, b"")))
    finished = record(20, b"\1") + record(22, peers.pattern(56))
    talk.say(0, record(22, message(16, peers.pattern(64))) + finished)
    talk.say(1, finished)
    talk.say(0, record(23, peers.pattern(80)))
    talk.say(1, record(23, peers.pattern(200)))
    talk.close()
    lab.save(name, scene)


@case("tls/refusals.pcap", "handshakes that end by an alert: nginx knows no such site, the client finds "
      "the server's Diffie-Hellman group too small, and its version too old")
def refusals(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test", ("rsa:2048",))
    peers.nginx(lab, server, more_http=f"""
  server {{ listen 443 ssl default_server; ssl_reject_handshake on; }}
  server {{
    listen 443 ssl; server_name shop.test;
    ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
  }}""")
    group = small_group(lab, server)
    serve(server, identity, "-cipher", "DHE:@SECLEVEL=0", "-dhparam", group, "-tls1_2", port=444)
    serve(server, identity, "-cipher", ANY, "-tls1", port=445)
    curl = ("curl", "-sSk", "-m", "3", "-o", "/dev/null")
    with lab.capture(client, "server", name):
        client.run(*curl, "--resolve", _HOST, "https://shop.test/", check=False)
        client.run(*curl, "--resolve", "old.test:443:10.0.1.2", "https://old.test/", check=False)
        ask(client, "-tls1_2", port=444)
        ask(client, "-tls1_2", port=445)


def without_new_versions(hello):
    """The ClientHello with its supported_versions under a number that nobody knows."""
    at = hello.find(b"\x00\x2b\x00")
    return hello[:at] + b"\xfa\xfa" + hello[at + 2:]


def meddler(server, port, backend):
    """A proxy in between that changes the first segment of every connection."""

    def meddle(line):
        with server.socket() as onwards:
            onwards.connect(("127.0.0.1", backend))
            onwards.sendall(without_new_versions(line.recv(65536)))
            line.sendall(onwards.recv(65536))
            onwards.sendall(line.recv(65536))
        line.close()

    return peers.Service(server, port, meddle)


@case("tls/version_downgrade.pcap", "somebody in between takes TLS 1.3 out of the ClientHello: server "
      "and client notice; then a client that tries again with TLS 1.2, and is refused")
def version_downgrade(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test"), port=8443)
    between = meddler(server, 443, 8443)
    with lab.capture(client, "server", name):
        ask(client)
        between.join()
        ask(client, "-tls1_2", "-fallback_scsv", port=8443)


@case("tls/version_agreed.pcap", "TLS 1.2 as the best that both speak: a client without 1.3 whose "
      "server has it, and a client that falls back to what is the server's best")
def version_agreed(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    serve(server, identity)
    serve(server, identity, "-tls1_2", port=444)
    with lab.capture(client, "server", name):
        ask(client, "-tls1_2")
        ask(client, "-tls1_2", "-fallback_scsv", port=444)


def visits(lab, name, settings):
    """Twelve connections over a line of 20 ms to nginx, whose sessions are kept or not."""
    client, server, _ = lab.relayed_pair(there=relay.Path(delay=0.01), back=relay.Path(delay=0.01))
    identity = Authority(lab, server).issue("shop.test")
    peers.nginx(lab, server, more_http=f"""
  server {{
    listen 443 ssl; root /nonexistent; ssl_protocols TLSv1.2; {settings}
    ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
  }}""")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    session = None
    with lab.capture(client, "server", name):
        for _ in range(12):
            line = client.socket()
            line.connect(SERVER)
            with context.wrap_socket(line, server_hostname="shop.test", session=session) as inner:
                inner.sendall(peers.get("/", "shop.test", "1.0"))
                peers.read_until(inner, b"")
                session = inner.session


@case("tls/no_resumption.pcap", "twelve connections over a line of 20 ms to nginx, which gives neither "
      "tickets nor a cache: a full handshake each")
def no_resumption(lab, name):
    visits(lab, name, "ssl_session_tickets off; ssl_session_cache off;")


@case("tls/sessions_kept.pcap", "the same with tickets: one full handshake, and eleven that take its "
      "session up again")
def sessions_kept(lab, name):
    visits(lab, name, "ssl_session_tickets on;")


def hesitant(identity, seconds):
    """A handler that thinks before it answers a ClientHello."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    context.sni_callback = lambda *_: time.sleep(seconds)

    def speak(line):
        with context.wrap_socket(line, server_side=True) as inner:
            inner.recv(1000)
            inner.sendall(peers.response(b"at last\n"))
            inner.unwrap().close()

    return speak


@case("tls/slow_handshake.pcap", "a server that takes 1.3 s to answer a ClientHello, twice, and one that "
      "does at once")
def slow_handshake(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    services = [peers.Service(server, port, hesitant(identity, seconds))
                for port, seconds in ((443, 1.3), (444, 0))]
    with lab.capture(client, "server", name):
        for words in (("-tls1_2",), ("-tls1_3",)):
            ask(client, *words)
        ask(client, port=444)
        for service in services:
            service.join()


@case("tls/long_line.pcap", "handshakes over a line of 600 ms: long, but for their round trips alone")
def long_line(lab, name):
    client, server, _ = lab.relayed_pair(there=relay.Path(delay=0.3), back=relay.Path(delay=0.3))
    serve(server, Authority(lab, server).issue("shop.test"))
    with lab.capture(client, "server", name, settle=1.0):
        for words in (("-tls1_2",), ("-tls1_3",)):
            ask(client, *words)


@case("tls/plain_http.pcap", "HTTP in clear and TLS on one port: a server that speaks HTTP on 443, and "
      "requests in clear to ports of TLS (nginx, node)")
def plain_http(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    peers.nginx(lab, server, more_http=f"""
  server {{ listen 443; root /nonexistent; }}
  server {{
    listen 8443 ssl; root /nonexistent;
    ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
  }}""")
    curl = ("curl", "-sSk", "-m", "3", "-o", "/dev/null", "--resolve", _HOST)
    with lab.capture(client, "server", name):
        client.run(*curl, "https://shop.test/", check=False)
        for scheme in ("http", "https"):
            client.run(*curl, f"{scheme}://10.0.1.2:8443/", check=False)


@case("tls/plain_http_redirected.pcap", "a request in clear to a port of TLS, which nginx answers by "
      "sending the client to https://")
def plain_http_redirected(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    peers.nginx(lab, server, more_http=f"""
  server {{
    listen 443 ssl; root /nonexistent; error_page 497 =301 https://$host$request_uri;
    ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
  }}""")
    with lab.capture(client, "server", name):
        client.run("curl", "-sSkL", "-m", "3", "-o", "/dev/null", "--resolve", _HOST,
                   "http://shop.test:443/", check=False)
