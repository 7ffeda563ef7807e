"""certificate_cases.py - good certificates and bad ones, and clients that refuse them.

Every case adds its root to captures/tls/authority.pem: the one that its clients trust.
"""
import datetime
import ipaddress
import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

import lab as laboratory
from cases import case
from decryption_cases import log_of
from tls_cases import serve

DAY = datetime.timedelta(days=1)


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Wirelens captures"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Chain:
    """A root, an intermediate, and what it issues; named for the case, as all roots lie in one
    file."""

    def __init__(self, lab, name):
        case_name = name.split("/")[1].split(".")[0].removeprefix("certificate_")
        self._folder = lab.folder / "chain"
        self._folder.mkdir()
        self._now = datetime.datetime.utcnow().replace(microsecond=0)
        self.root = self._sign(f"Root of {case_name}", None, True, 3650 * DAY)
        self.middle = self._sign(f"Intermediate of {case_name}", self.root, True, 1800 * DAY)

    def _sign(self, name, issuer, authority, lasts, begins=-DAY, names=(), key=None, more=()):
        key = key or ec.generate_private_key(ec.SECP256R1())
        by_name = issuer[0].subject if issuer else _name(name)
        builder = (x509.CertificateBuilder().subject_name(_name(name)).issuer_name(by_name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(self._now + begins).not_valid_after(self._now + lasts)
                   .add_extension(x509.BasicConstraints(authority, None), True))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), False)
        if not authority:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        for extension in more:
            builder = builder.add_extension(extension, False)
        return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key

    def leaf(self, names=("shop.test", "10.0.1.2"), lasts=398 * DAY, begins=-DAY, issuer="middle",
             key=None):
        """A server's certificate: PEM files of it, its key, and what goes along."""
        by = {"middle": self.middle, "root": self.root, "itself": None}[issuer]
        alternatives = [x509.IPAddress(ipaddress.ip_address(each)) if each[0].isdigit()
                        else x509.DNSName(each) for each in names]
        source = x509.AuthorityInformationAccess([x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier("http://ca.test/intermediate.crt"))])
        certificate, its_key = self._sign(names[0], by, False, lasts, begins, alternatives, key,
                                          [source] if by else [])
        files = [self._folder / each for each in ("leaf.pem", "leaf.key", "middle.pem")]
        files[0].write_bytes(_pem(certificate))
        files[1].write_bytes(its_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        files[2].write_bytes(_pem(self.middle[0]))
        return files

    def trust(self, name, stranger=None):
        """The clients' file of roots, which also the analysis trusts for this capture."""
        pem = _pem((stranger or self).root[0]).decode()
        path = laboratory.CAPTURES / "tls/authority.pem"
        text = path.read_text() if path.exists() else ""
        block = rf"# {re.escape(name)}\n-----BEGIN[^#]*"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(block, "", text) + f"# {name}\n{pem}")
        file = self._folder / "trusted.pem"
        file.write_text(pem)
        return file


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def fetch(client, trusted, *words, name="shop.test", env=None):
    client.run("curl", "-sS", "-m", "5", "-o", "/dev/null", "--cacert", trusted, *words,
               "--resolve", f"{name}:443:10.0.1.2", f"https://{name}/", check=False, env=env)


def refused(lab, name, chain, files, *, sends_middle=True, host="shop.test", times=2, trusted=None,
            server_words=()):
    """curl asks, over TLS 1.2, where certificates are in clear, and is not pleased."""
    client, server = lab.pair()
    more = ["-cert_chain", files[2]] if sends_middle else []
    serve(server, [files[0], files[1]], *more, *server_words)
    trusted = trusted or chain.trust(name)
    with lab.capture(client, "server", name):
        for _ in range(times):
            fetch(client, trusted, "--tls-max", "1.2", name=host)


@case("tls/certificate_valid.pcap", "curl takes a certificate that an intermediate of a trusted root "
      "issued: for a name and for an address")
def valid(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf())


@case("tls/certificate_expired.pcap", "a certificate that ended eleven days ago; curl refuses it")
def expired(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf(begins=-401 * DAY, lasts=-11 * DAY))


@case("tls/certificate_not_yet_valid.pcap", "a certificate that begins in five days; curl refuses it")
def not_yet_valid(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf(begins=5 * DAY))


@case("tls/certificate_expiring.pcap", "a certificate that ends in three days; curl still takes it")
def expiring(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf(begins=-395 * DAY, lasts=3 * DAY))


@case("tls/certificate_wrong_name.pcap", "a certificate for shop.test shown to who asked for "
      "www.shop.test; curl refuses it")
def wrong_name(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf(), host="www.shop.test")


@case("tls/certificate_self_signed.pcap", "a certificate that signed itself; curl refuses it")
def self_signed(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf(issuer="itself"), sends_middle=False)


@case("tls/certificate_missing_intermediate.pcap", "the server sends its own certificate alone; curl, "
      "which trusts the root, cannot reach it")
def missing_intermediate(lab, name):
    chain = Chain(lab, name)
    refused(lab, name, chain, chain.leaf(), sends_middle=False)


@case("tls/certificate_untrusted_root.pcap", "a whole chain whose root nobody trusts; curl refuses it")
def untrusted_root(lab, name):
    chain = Chain(lab, name)
    files = chain.leaf()
    stranger = Chain.__new__(Chain)
    stranger._folder, stranger._now = chain._folder, chain._now
    stranger.root = stranger._sign("Another Root", None, True, 3650 * DAY)
    refused(lab, name, chain, files, trusted=chain.trust(name, stranger))


@case("tls/certificate_weak_key.pcap", "an RSA key of 768 bits; curl refuses it")
def weak_key(lab, name):
    chain = Chain(lab, name)
    key = rsa.generate_private_key(public_exponent=65537, key_size=768)
    refused(lab, name, chain, chain.leaf(key=key), server_words=["-cipher", "ALL:@SECLEVEL=0"])


@case("tls/certificate_short_key.pcap", "an RSA key of 1,024 bits: too short for curl, not for browsers")
def short_key(lab, name):
    chain = Chain(lab, name)
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    refused(lab, name, chain, chain.leaf(key=key), server_words=["-cipher", "ALL:@SECLEVEL=0"])


@case("tls/certificate_hidden.pcap", "an expired certificate in TLS 1.3: without keys nobody can tell")
def hidden(lab, name):
    chain = Chain(lab, name)
    client, server = lab.pair()
    files = chain.leaf(begins=-401 * DAY, lasts=-11 * DAY)
    serve(server, [files[0], files[1]], "-cert_chain", files[2])
    trusted = chain.trust(name)
    with lab.capture(client, "server", name):
        fetch(client, trusted)


@case("tls/certificate_revealed.pcap", "the same with keys: curl says in its alert what is wrong")
def revealed(lab, name):
    chain = Chain(lab, name)
    client, server = lab.pair()
    files = chain.leaf(begins=-401 * DAY, lasts=-11 * DAY)
    serve(server, [files[0], files[1]], "-cert_chain", files[2])
    trusted = chain.trust(name)
    log = log_of(name)
    with lab.capture(client, "server", name):
        fetch(client, trusted, env={"PATH": "/usr/bin:/bin", "SSLKEYLOGFILE": str(log)})
