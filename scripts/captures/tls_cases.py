"""tls_cases.py - TLS between real servers (openssl s_server, nginx) and clients."""
import pathlib
import socket
import ssl
import subprocess
import time

import peers
from cases import case

SERVER = ("10.0.1.2", 443)
PAGE = b"GET / HTTP/1.0\r\n\r\n"
ANY = "DEFAULT:@SECLEVEL=0"  # what OpenSSL only does when told to


class Authority:
    """A root of our own, and what it signs; the names of PEM files."""

    def __init__(self, lab, host):
        self._folder, self._host = lab.folder / "ca", host
        self._folder.mkdir()
        self.root = self._folder / "root.pem"
        host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                 "-subj", "/CN=wirelens root", "-keyout", self._folder / "root.key",
                 "-out", self.root)

    def issue(self, name, kind=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")):
        """A certificate for the name, and its key."""
        at = self._folder / name
        self._host.run("openssl", "req", "-newkey", *kind, "-nodes", "-subj", f"/CN={name}",
                       "-keyout", f"{at}.key", "-out", f"{at}.csr")
        pathlib.Path(f"{at}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        self._host.run("openssl", "x509", "-req", "-in", f"{at}.csr", "-CA", self.root,
                       "-CAkey", self._folder / "root.key", "-days", "3650", "-sha256",
                       "-extfile", f"{at}.ext", "-out", f"{at}.pem")
        return [f"{at}.pem", f"{at}.key"]


def serve(host, identity, *words, port=443, page=True):
    """openssl s_server that answers every request with a page, or nothing."""
    host.start("openssl", "s_server", "-accept", port, "-cert", identity[0], "-key", identity[1],
               "-quiet", *(["-www"] if page else []), *words, stdin=subprocess.PIPE)
    await_listener(host, port)


def await_listener(host, port, seconds=10.0):
    """Until the port is bound: a probe would be taken for a client."""
    wanted = f"{port:04X}"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with host.entered():
            lines = pathlib.Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]
            lines += pathlib.Path("/proc/thread-self/net/tcp6").read_text().splitlines()[1:]
        if any(line.split()[1].endswith(":" + wanted) and line.split()[3] == "0A"
               for line in lines):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on {port}")


def ask(host, *words, port=443, page=PAGE, check=False):
    """openssl s_client that asks for a page and reads to the end."""
    return host.run("openssl", "s_client", "-connect", f"10.0.1.2:{port}", "-servername",
                    "shop.test", "-ign_eof", *words, input=page, check=check, timeout=20)


@case("tls/versions.pcap",
      "a page from openssl s_server over TLS 1.0, 1.1, 1.2 (ECDHE, DHE and RSA "
      "key exchange) and 1.3")
def versions(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test", ("rsa:2048",))
    serve(server, identity, "-cipher", ANY)
    with lab.capture(client, "server", name):
        for version in ("-tls1", "-tls1_1", "-tls1_2"):
            ask(client, version, "-cipher", ANY)
        for suite in ("DHE-RSA-AES128-GCM-SHA256", "AES256-SHA256", "DHE-RSA-AES256-SHA"):
            ask(client, "-tls1_2", "-cipher", suite + ":@SECLEVEL=0")
        ask(client, "-tls1_3", "-alpn", "http/1.1")


@case("tls/retry.pcap",
      "TLS 1.3 with a HelloRetryRequest: the server wants P-384, the client guessed "
      "X25519")
def retry(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test"), "-groups", "P-384")
    with lab.capture(client, "server", name):
        ask(client, "-groups", "X25519:P-384")


@case("tls/resumption.pcap",
      "sessions taken up again: in TLS 1.2 by id and by ticket, in TLS 1.3 by "
      "PSK; each after a full handshake")
def resumption(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    serve(server, identity)
    session = lab.folder / "session"
    with lab.capture(client, "server", name):
        for words in (("-tls1_2", "-no_ticket"), ("-tls1_2",), ("-tls1_3",)):
            ask(client, *words, "-sess_out", session)
            ask(client, *words, "-sess_in", session)


@case("tls/early_data.pcap", "0-RTT: a full handshake, early data that is accepted, and the same "
      "ticket again, so that it is rejected")
def early_data(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test"), "-early_data", "-max_early_data",
          "16384", page=False)
    session, request = lab.folder / "session", lab.folder / "request"
    request.write_bytes(b"GET /early HTTP/1.0\r\n")
    with lab.capture(client, "server", name):
        for words in (f"-sess_out {session}", *[f"-sess_in {session} -early_data {request}"] * 2):
            client.run("sh", "-c", "(sleep 0.4; echo hello; sleep 0.2) | openssl s_client -connect "
                       f"10.0.1.2:443 -servername shop.test -tls1_3 {words}")


@case("tls/client_certificate.pcap", "a server that wants a certificate of the client: given and "
      "refused, in TLS 1.2 and 1.3")
def client_certificate(lab, name):
    client, server = lab.pair()
    authority = Authority(lab, server)
    me = authority.issue("client.test")
    serve(server, authority.issue("shop.test"), "-Verify", "1", "-CAfile", authority.root,
          "-verify_return_error")
    with lab.capture(client, "server", name):
        for version in ("-tls1_2", "-tls1_3"):
            ask(client, version, "-cert", me[0], "-key", me[1])
            ask(client, version)


@case("tls/alerts.pcap",
      "refusals, each on a connection of its own: by the server protocol_version, "
      "handshake_failure (no cipher in common) and no_application_protocol; by the client "
      "unknown_ca "
      "in TLS 1.2 and 1.3")
def alerts(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    serve(server, identity, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "-alpn", "h2")
    serve(server, identity, port=444)
    with lab.capture(client, "server", name):
        ask(client, "-tls1_3")
        ask(client, "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")
        ask(client, "-tls1_2", "-alpn", "dot")
        for version in ("-tls1_2", "-tls1_3"):
            ask(client, version, "-verify", "4", "-verify_return_error", port=444)


@case("tls/wrong_port.pcap",
      "http:// to nginx' TLS port and to s_server, https:// to its plain port, "
      "and TLS to a server that greets first")
def wrong_port(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    peers.nginx(lab, server, more_http=f"""
  server {{
    listen 443 ssl; ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
    root /nonexistent;
  }}""")
    serve(server, identity, port=444)

    def greets(line):
        line.sendall(b"220 mail.test ESMTP ready\r\n")
        line.settimeout(1)
        try:
            peers.read_until(line, b"")
        except OSError:
            pass
        line.close()

    service = peers.Service(server, 465, greets)
    with lab.capture(client, "server", name):
        for address in ("http://10.0.1.2:443/", "http://10.0.1.2:444/", "https://10.0.1.2:80/",
                        "https://10.0.1.2:465/"):
            client.run("curl", "-sSk", "-m", "3", "-o", "/dev/null", address, check=False)
        service.join()


@case("tls/long_hello.pcap", "a ClientHello of 4 kB, which takes three segments, and one cut into "
      "records of 512 bytes; certificates cut likewise")
def long_hello(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test"), "-max_send_frag", "512")
    names = ",".join(f"protocol-number-{number}" for number in range(200))
    with lab.capture(client, "server", name):
        ask(client, "-alpn", names + ",http/1.1")
        ask(client, "-tls1_2", "-alpn", names, "-max_send_frag", "512")


@case("tls/ssl2_hello.pcap",
      "a ClientHello in an SSL 2.0 record that offers TLS 1.0; the server goes "
      "on in TLS")
def ssl2_hello(lab, name):
    client, server = lab.pair()
    serve(server, Authority(lab, server).issue("shop.test", ("rsa:2048",)), "-cipher", ANY)
    kinds = bytes.fromhex("00002f000035010080")
    body = b"\1\3\1" + len(kinds).to_bytes(2, "big") + b"\0\0\0\x20" + kinds + peers.pattern(32)
    with lab.capture(client, "server", name):
        line = client.socket()
        line.connect(SERVER)
        line.sendall((0x8000 | len(body)).to_bytes(2, "big") + body)
        line.settimeout(2)
        line.recv(65536)
        line.sendall(b"\x15\3\1\0\2\2\x50")  # internal_error: it cannot go on
        line.close()


@case("tls/download.pcap", "curl fetches 200 kB from nginx over TLS 1.3, twice over one connection")
def download(lab, name):
    client, server = lab.pair()
    authority = Authority(lab, server)
    identity = authority.issue("shop.test")
    peers.nginx(lab, server, {"big.bin": peers.pattern(100_000)}, more_server=f"""
    listen 443 ssl; ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]};
    ssl_protocols TLSv1.3;""")
    with lab.capture(client, "server", name):
        client.run("curl", "-sS", "--cacert", authority.root, "--resolve", "shop.test:443:10.0.1.2",
                   *["-o", "/dev/null", "https://shop.test/big.bin"] * 2)


# What a server says before TLS: it waits for these bytes, or so many, then answers.
_TALKS = {
    "smtp": (25, b"220 mail.test ESMTP\r\n",
             [(b"\r\n", b"250-mail.test\r\n250 STARTTLS\r\n"), (b"\r\n", b"220 go ahead\r\n")]),
    "imap": (143, b"* OK ready\r\n",
             [(b"\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n"),
              (b"\r\n", b". OK begin\r\n")]),
    "pop3": (110, b"+OK ready\r\n", [(b"\r\n", b"+OK begin\r\n")]),
    "ftp": (21, b"220 FTP ready\r\n", [(b"\r\n", b"234 begin\r\n")]),
    "xmpp": (5222, b"",
             [(b"'>", b"<?xml version='1.0'?><stream:stream from='shop.test' version='1.0' "
               b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
               b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
               b"</stream:features>"),
              (b"/>", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")]),
    "postgres": (5432, b"", [(b"\x16\x2f", b"S")]),
    "mysql": (3306, b"\x4a\0\0\0\x0a8.0.36\0\1\0\0\0" + b"abcdefgh\0\xff\xff\xff\2\0\xff\xc7\x15"
              + b"\0" * 10 + b"ijklmnopqrst\0caching_sha2_password\0", [(36, b"")]),
    "ldap": (389, b"", [(b"20037", b"\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0")]),
}


@case("tls/starttls.pcap",
      "TLS behind talk in clear, openssl s_client -starttls: SMTP, IMAP, POP3, "
      "FTP, XMPP, PostgreSQL, MySQL, LDAP")
def starttls(lab, name):
    client, server = lab.pair()
    identity = Authority(lab, server).issue("shop.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)

    def speaker(greeting, answers):
        def speak(line):
            line.sendall(greeting)
            for until, answer in answers:
                if isinstance(until, int):
                    peers.read_count(line, until)  # what follows is TLS already
                else:
                    peers.read_until(line, until)
                line.sendall(answer)
            with context.wrap_socket(line, server_side=True) as inner:
                inner.recv(100)
                inner.sendall(b"good bye\r\n")
                inner.unwrap().shutdown(socket.SHUT_RDWR)
        return speak

    services = [peers.Service(server, port, speaker(greeting, answers))
                for port, greeting, answers in _TALKS.values()]
    with lab.capture(client, "server", name):
        for word, (port, _, _) in _TALKS.items():
            ask(client, "-starttls", word, "-xmpphost", "shop.test", port=port, page=b"QUIT\r\n")
        for service in services:
            service.join()
