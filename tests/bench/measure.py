"""bench/measure.py - runs programs on generated captures, times them in pairs, checks their work.

CPU time is user plus system time of the child (wait4), which a busy machine disturbs least; what the
same command takes on a capture of one packet is subtracted. Ratios come from runs that alternate.
"""
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
WIRELENS = f"{BUILD}/wirelens analyze -j 1 -w ndjson=/dev/null {{}}"
LIBPCAP = f"{BUILD}/wirelens_floor pcap {{}}"
MAPPED = f"{BUILD}/wirelens_floor walk {{}}"

Usage = collections.namedtuple("Usage", "cpu max_rss")  # seconds, bytes
Ratio = collections.namedtuple("Ratio", "median low high a b max_rss")


class Failed(Exception):
    """A program under measurement did not do its work."""


@contextlib.contextmanager
def workspace(where=None):
    """A folder for captures, gone afterwards; in memory if there is room for 4 GiB."""
    if where is None:
        shared = os.statvfs("/dev/shm")
        where = "/dev/shm" if shared.f_bavail * shared.f_frsize > 4 << 30 else None
    with tempfile.TemporaryDirectory(prefix="wirelens-bench-", dir=where) as folder:
        yield pathlib.Path(folder)


def generate(folder, workload, *options):
    """Makes a capture; returns its path and the truth about it."""
    name = "-".join([workload, *options]).replace("/", "_").replace("--", "")
    capture, truth = folder / f"{name}.pcap", folder / f"{name}.json"
    if not capture.exists():
        subprocess.run([f"{BUILD}/wirelens_generate", workload, *options, "-o", capture,
                        "--truth", truth], check=True)
    return capture, json.loads(truth.read_text())


def one_packet(folder):
    return generate(folder, "fixed", "--packets", "1", "--size", "64")[0]


def command_for(template, capture):
    return [part.replace("{}", str(capture)) for part in shlex.split(template)]


def run(template, capture, accept=(0,)):
    """Runs a command once, its output thrown away."""
    argv = command_for(template, capture)
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)]
    child = os.posix_spawnp(argv[0], argv, os.environ, file_actions=null)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in accept:
        raise Failed(f"exit status {code}: {shlex.join(argv)}")
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def startup(template, folder):
    return statistics.median(run(template, one_packet(folder)).cpu for _ in range(5))


def least_cpu(template, capture, folder, runs=5):
    """The least of several runs, startup taken off: what a curve's point needs."""
    least = min(run(template, capture).cpu for _ in range(runs)) - startup(template, folder)
    return max(least, 1e-4)  # less than that is noise


def stages(only, repetitions):
    """The least CPU time of each stage benchmark whose name begins so, in its unit; in turns."""
    done = subprocess.run([f"{BUILD}/wirelens_stages", f"--benchmark_filter=^{only}",
                           f"--benchmark_repetitions={repetitions}", "--benchmark_format=json",
                           "--benchmark_enable_random_interleaving=true"],
                          capture_output=True, check=True)
    least = {}
    for one in json.loads(done.stdout)["benchmarks"]:
        if one["run_type"] == "iteration":
            name = one["run_name"]
            least[name] = min(one["cpu_time"], least.get(name, one["cpu_time"]))
    return least


def paired(a, b, capture, folder, pairs=7):
    """Runs a and b in turn; the ratio of each a to the mean of the b before and behind it."""
    run(a, capture), run(b, capture)  # warms the page cache
    start_a, start_b = startup(a, folder), startup(b, folder)
    times_a, times_b, max_rss = [], [run(b, capture).cpu - start_b], 0
    for _ in range(pairs):
        usage = run(a, capture)
        times_a.append(usage.cpu - start_a)
        max_rss = max(max_rss, usage.max_rss)
        times_b.append(run(b, capture).cpu - start_b)
    ratios = [2 * time_a / (times_b[i] + times_b[i + 1]) for i, time_a in enumerate(times_a)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high, statistics.median(times_a), statistics.median(times_b), max_rss)


def peak_anonymous(template, capture):
    """The most memory that a run held for itself, in bytes: pages of a mapped file do not count."""
    argv = command_for(template, capture)
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    peak = max(peak, int(line.split()[1]) * 1024)
        time.sleep(0.002)
    if child.returncode != 0:
        raise Failed(f"exit status {child.returncode}: {shlex.join(argv)}")
    return peak


class Records:
    """What a run's NDJSON says, in the terms of the generator's truth."""

    MOST_PARSED = 300_000  # connection records beyond this many are counted only
    # What is kept of an exchange: a child's max_rss begins with what this program itself holds.
    ASKED = ("conn", "request_packet", "method", "host", "path", "status")

    def __init__(self, lines):
        self.end = {}
        self.exchanges = []
        self.connections = collections.Counter()
        self.payload = collections.defaultdict(collections.Counter)
        for line in lines:
            if '"type":"http"' in line:
                record = json.loads(line)
                self.exchanges.append({name: record[name] for name in self.ASKED if name in record})
            elif '"type":"capture_end"' in line:
                self.end = json.loads(line)
            elif '"type":"connection"' in line and '"interim":true' not in line:
                self.add_connection(line)

    def add_connection(self, line):
        if self.connections.total() > self.MOST_PARSED:
            self.connections["unread"] += 1
            return
        record = json.loads(line)
        kind = "tcp" if record["transport"] == "tcp" else "udp"
        self.connections[kind] += 1
        self.payload[kind]["client"] += record.get("sent", {}).get("bytes", 0)
        self.payload[kind]["server"] += record.get("received", {}).get("bytes", 0)

    def digest(self):
        """As bench/truth.h defines it."""
        ordinals, total = collections.Counter(), 0
        for record in sorted(self.exchanges, key=lambda one: one.get("request_packet", 0)):
            words = [ordinals[record["conn"]]]
            words += [record.get(name, "-") for name in ("method", "host", "path", "status")]
            ordinals[record["conn"]] += 1
            line = " ".join(str(word) for word in words)
            total += int.from_bytes(hashlib.sha256(line.encode()).digest()[:8], "big")
        return f"{total % 2**64:016x}"


def complaints(records, truth):
    """Where records and truth differ, as lines; none if all the work was done."""
    wrong = []

    def expect(name, found, wanted):
        if found != wanted:
            wrong.append(f"{name}: {found} instead of {wanted}")

    expect("packets", records.end.get("packets"), truth["packets"])
    expect("bytes", records.end.get("bytes"), truth["wire_bytes"])
    expect("requests", len(records.exchanges), truth["http_requests"])
    expect("exchanges", sum("status" in one for one in records.exchanges), truth["http_exchanges"])
    expect("digest of exchanges", records.digest(), truth["http_digest"])
    # State may be dropped in a flood, and time that jumps by years ends connections.
    if truth["workload"] in ("flood", "path") or records.connections["unread"]:
        return wrong
    for kind in ("tcp", "udp"):
        expect(f"{kind} connections", records.connections[kind], truth[f"{kind}_flows"])
        found, wanted = records.payload[kind], truth[f"{kind}_payload"]
        if truth["midstream"]:  # who is the client is a guess
            expect(f"{kind} payload", found.total(), sum(wanted.values()))
        else:
            expect(f"{kind} payload", {end: found[end] for end in wanted}, wanted)
    return wrong


def check(capture, truth, options=""):
    """Runs wirelens once for its records and returns the complaints about them."""
    template = WIRELENS.replace("ndjson=/dev/null", f"ndjson=- {options}")
    child = subprocess.Popen(command_for(template, capture), stdout=subprocess.PIPE, text=True)
    records = Records(child.stdout)
    if child.wait() != 0:
        raise Failed(f"exit status {child.returncode} on {capture.name}")
    return complaints(records, truth)
