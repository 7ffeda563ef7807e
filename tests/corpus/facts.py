"""tests/corpus/facts.py - what two programs can both say about a capture, in one shape.

Names say whose word it is: `ours` is wirelens, `theirs` the other program.
"""
import collections
import dataclasses
import ipaddress


@dataclasses.dataclass(frozen=True)
class Difference:
    """One value on which the two do not agree."""
    subject: str  # "file", "tcp 3", "tcp 3 a" (sent by the stream's end a), "http 0 request 2"
    field: str
    ours: str
    theirs: str

    def __str__(self):
        return f"{self.subject}\t{self.field}\t{self.ours}\t{self.theirs}"


@dataclasses.dataclass
class Half:
    """What one end of a flow sent. None: not known."""
    packets: int = 0
    payload: int | None = None  # transport payload, resent bytes counted again
    unique: int | None = None   # every byte once, and only if it is in the capture
    holes: bool | None = None   # bytes were sent that are not in the capture
    counts: dict = dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass
class Flow:
    """One TCP or UDP conversation. Half 0 is what ends[0] sent."""
    name: str
    ends: tuple
    halves: tuple
    closes: frozenset = frozenset()  # how it may be said to have ended; empty: unknown
    encrypted: bool = False
    client: tuple | None = None

    def turned(self):
        return dataclasses.replace(self, ends=self.ends[::-1], halves=self.halves[::-1])


@dataclasses.dataclass
class Message:
    """An HTTP/1 request or response."""
    flow: str
    sender: tuple
    method: str | None = None
    target: str | None = None
    host: str | None = None
    status: int | None = None
    body: int | None = None
    body_known: bool = False

    @property
    def key(self):
        return (self.method, self.target) if self.status is None else self.status


@dataclasses.dataclass
class Session:
    """A TLS handshake of a flow. None: not said."""
    flow: str
    server_name: str | None = None
    client_versions: list = dataclasses.field(default_factory=list)
    ja3: str | None = None
    version: int | None = None
    cipher: int | None = None
    alpn: str | None = None
    ja3s: str | None = None
    certificates: int | None = None
    alerts: list = dataclasses.field(default_factory=list)  # (sender, level, description)
    established: bool = False  # what follows is encrypted


@dataclasses.dataclass
class Frames:
    """The HTTP/2 of one flow: frame type -> [sent by ends[0], sent by ends[1]]."""
    flow: str
    ends: tuple
    counts: dict


@dataclasses.dataclass
class Realtime:
    """What is counted of a WebSocket ("text frames", "payload") or an event stream ("events"), by
    who sent it."""
    flow: str
    counts: dict


@dataclasses.dataclass
class Head:
    """The head of an HTTP/2 message. `kind` is request, response or push."""
    flow: str
    stream: int
    kind: str
    values: dict  # method, authority and path, or status


@dataclasses.dataclass
class Facts:
    """Everything one program says about a capture."""
    damaged: bool = False
    packets: int | None = None
    truncated: int | None = None
    tcp: list = dataclasses.field(default_factory=list)
    tcp_total: int = 0      # may be more than are listed
    udp: list = dataclasses.field(default_factory=list)
    requests: list = dataclasses.field(default_factory=list)
    responses: list = dataclasses.field(default_factory=list)
    sessions: list = dataclasses.field(default_factory=list)
    websockets: list = dataclasses.field(default_factory=list)
    event_streams: list = dataclasses.field(default_factory=list)
    cut_short: bool = False  # the lists of messages end before the capture does
    http2: list = dataclasses.field(default_factory=list)        # Frames
    http2_heads: list = dataclasses.field(default_factory=list)  # Head
    http2_cut_short: bool = False


def endpoint(address, port):
    """(address in its one canonical text, port)."""
    return (str(ipaddress.ip_address(address)), int(port))


def text(end):
    address, port = end
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def origin_form(target):
    """What follows the authority in an absolute target; any other as it is (RFC 9112, 3.2)."""
    for scheme in ("http://", "https://"):
        if target and target.lower().startswith(scheme):
            _, slash, rest = target[len(scheme):].partition("/")
            return slash + rest if slash else "/"
    return target or ""
