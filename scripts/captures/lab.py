"""lab.py - hosts for a capture: network namespaces, links between them, tcpdump on one of those.

Everything lives inside the namespaces that scripts/captures/make enters first, and ends with them.
"""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import time

import packets
import relay

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CAPTURES = ROOT / "captures"

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_TAP, _IFF_NO_PI = 0x1, 0x2, 0x1000
_OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro", "tx-udp-segmentation")

_libc = ctypes.CDLL(None, use_errno=True)


def _enter(descriptor):
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


class Host:
    """A network namespace: programs run in it, and sockets are made in it."""

    def __init__(self, name, ipv6):
        self.name = name
        _run("ip", "netns", "add", name)
        self._descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY)
        self._programs = []
        for interface in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 0 if ipv6 else 1)
            if ipv6:
                self.sysctl(f"net.ipv6.conf.{interface}.accept_dad", 0)
                self.sysctl(f"net.ipv6.conf.{interface}.router_solicitations", 0)
        self.ip("link", "set", "lo", "up")

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace; what it opens stays there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _enter(self._descriptor)
        try:
            yield
        finally:
            _enter(home)
            os.close(home)

    def ip(self, *words):
        _run("ip", "-n", self.name, *words)

    def sysctl(self, name, value):
        with self.entered():
            pathlib.Path("/proc/sys", name.replace(".", "/")).write_text(str(value))

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        with self.entered():
            return socket.socket(family, kind, protocol)

    def run(self, *command, check=True, **options):
        """Runs a program to its end; answers what it printed."""
        command = ["ip", "netns", "exec", self.name, *[str(word) for word in command]]
        done = subprocess.run(command, capture_output=True, check=False, **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode()}")
        return done.stdout

    def start(self, *command, **options):
        """Starts a program that runs until the lab closes."""
        command = ["ip", "netns", "exec", self.name, *[str(word) for word in command]]
        options.setdefault("stdout", subprocess.DEVNULL)
        program = subprocess.Popen(command, **options)
        self._programs.append(program)
        return program

    def await_port(self, port, address="127.0.0.1", seconds=10.0):
        """Returns once something listens on the port."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        deadline = time.monotonic() + seconds
        while True:
            with self.socket(family) as probe:
                if probe.connect_ex((address, port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on {self.name}:{port}")
            time.sleep(0.02)

    def close(self):
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            program.wait()
        os.close(self._descriptor)
        _run("ip", "netns", "delete", self.name)


class Lab:
    """The hosts of one case. `folder` is scratch space for configurations and files to serve."""

    def __init__(self):
        self._hosts = []
        self._relays = []
        self._links = 0
        self._scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._scratch.name)
        self.folder.chmod(0o755)  # servers give up root before they read it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self._relays:
            one.stop()
        for host in self._hosts:
            host.close()
        self._scratch.cleanup()

    def host(self, name, ipv6=False):
        host = Host(name, ipv6)
        self._hosts.append(host)
        return host

    def pair(self, ipv6=False, **options):
        """The usual case: a client at 10.0.1.1 and a server at 10.0.1.2, joined by a cable."""
        client, server = self.host("client", ipv6), self.host("server", ipv6)
        self.link(client, server, **options)
        return client, server

    def relayed_pair(self, ipv6=False, **options):
        """The same with the relay in the cable; options as relay.Relay's."""
        client, server = self.host("client", ipv6), self.host("server", ipv6)
        carrier = self.relay(client, server, **options)
        return client, server, carrier

    def mirrored_pair(self, wrap, ipv6=False, mtu=1400):
        """The same, and a monitor whose device `mirror` sees each frame as `wrap` makes it look."""
        monitor = self.host("monitor")
        mirror = device(monitor, "mirror", tap=True)
        monitor.ip("link", "set", "mirror", "up", "mtu", "9000")
        client, server, _ = self.relayed_pair(ipv6, mirror=mirror, wrap=wrap, mtu=mtu)
        return client, server, monitor

    def link(self, left, right, offload=False, mtu=1500):
        """A cable between two hosts; each end is named for the other host."""
        self._links += 1
        left.ip("link", "add", right.name, "type", "veth",
                "peer", "name", left.name, "netns", right.name)
        for host, other, end in ((left, right, 1), (right, left, 2)):
            if not offload:
                for feature in _OFFLOADS:
                    with host.entered():
                        subprocess.run(["ethtool", "-K", other.name, feature, "off"], check=False,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._configure(host, other.name, end, mtu)

    def relay(self, left, right, mtu=1500, **options):
        """A cable with a relay in it, which does to frames what options say (relay.Relay)."""
        self._links += 1
        taps = [device(host, other.name, tap=True)
                for host, other in ((left, right), (right, left))]
        for host, other, end in ((left, right, 1), (right, left, 2)):
            self._configure(host, other.name, end, mtu)
        carrier = relay.Relay(*taps, **options)
        carrier.start()
        self._relays.append(carrier)
        return carrier

    def _configure(self, host, name, end, mtu):
        number = self._links
        host.ip("link", "set", name, "address", f"02:00:00:00:{number:02x}:{end:02x}", "mtu", mtu)
        host.ip("link", "set", name, "up")
        host.ip("address", "add", f"10.0.{number}.{end}/24", "dev", name)
        with contextlib.suppress(subprocess.CalledProcessError):
            if pathlib.Path("/proc/sys/net/ipv6").exists() and _has_ipv6(host):
                host.ip("address", "add", f"fd00:{number}::{end}/64", "dev", name, "nodad")

    @contextlib.contextmanager
    def capture(self, host, interface, name, expression="", snaplen=0, linktype=None, settle=0.3):
        """Records what passes the interface to captures/NAME (.pcap: ns; .pcapng: made of that)."""
        path = CAPTURES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = self.folder / f"{path.name}.raw"
        words = ["tcpdump", "-Z", "root", "-n", "-U", "--immediate-mode", "-B", "8192",
                 "--time-stamp-precision=nano", "-i", interface, "-s", snaplen, "-w", raw]
        if linktype:
            words += ["-y", linktype]
        program = host.start(*words, *expression.split(), stderr=subprocess.PIPE, text=True)
        for line in program.stderr:
            if "listening on" in line:
                break
        else:
            raise RuntimeError("tcpdump did not start")
        yield
        time.sleep(settle)  # what is on its way still belongs to the story
        program.send_signal(signal.SIGINT)
        if "0 packets dropped by kernel" not in program.stderr.read():
            raise RuntimeError(f"{name}: tcpdump dropped packets")
        program.wait()
        if path.suffix == ".zst":
            path.write_bytes(host.run("zstd", "-q", "-19", "-c", raw))
        elif path.suffix == ".pcapng":
            packets.write_pcapng(path, [packets.read_pcap(raw)], ["eth0"])
        else:
            path.write_bytes(raw.read_bytes())

    @staticmethod
    def save(name, scene):
        """Writes a Scene to captures/NAME."""
        packets.write_pcap(CAPTURES / name, packets.Capture(scene.packets))

    @staticmethod
    def edit(name, change, linktype=None):
        """Does to the packets of captures/NAME what no wire would; `change` answers the new."""
        path = CAPTURES / name
        capture = packets.read_pcap(path)
        capture.packets = change(capture.packets)
        if linktype is not None:
            capture.linktype = linktype
        packets.write_pcap(path, capture)


def _has_ipv6(host):
    with host.entered():
        return pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").read_text().strip() == "0"


def device(host, name, tap):
    """A TUN or TAP device in the host; the descriptor carries its packets."""
    with host.entered():
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        flags = (_IFF_TAP if tap else _IFF_TUN) | _IFF_NO_PI
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    return descriptor


def mount_private(folder):
    """An empty file system there, seen by this mount namespace alone."""
    _run("mount", "-t", "tmpfs", "tmpfs", folder)
