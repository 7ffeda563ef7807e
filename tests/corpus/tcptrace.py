"""tests/corpus/tcptrace.py - tcptrace's facts of a capture: what was resent or out of order.

tcptrace reads fewer captures than we do (pcap only; no VLAN tags, no tunnels), so connections of
which it saw other packets than we did are left out of the comparison.
"""
import csv
import subprocess

from facts import Flow, Half, endpoint
from judge import Judge

# column -> field of a `connection` record
COUNTS = {
    "rexmt_data_pkts": "retransmitted_packets",
    "outoforder_pkts": "out_of_order",
}


class Unreadable(Exception):
    """tcptrace found no TCP in it."""


def half(row, way):
    def number(name):
        return int(row[f"{name}_{way}"])

    found = Half(packets=number("total_packets"), payload=number("actual_data_bytes"),
                 unique=number("unique_bytes_sent"))
    found.counts.update({ours: number(theirs) for theirs, ours in COUNTS.items()})
    # A SYN or FIN sent again counts as a resent byte there, though not as a resent data packet.
    again = [max(int(sent) - 1, 0) for sent in row[f"SYN/FIN_pkts_sent_{way}"].split("/")]
    found.counts["retransmitted_bytes"] = max(number("rexmt_data_bytes") - sum(again), 0)
    return found


def address(printed):
    """It prints ::1 as :0001."""
    return ":" + printed if printed.startswith(":") and not printed.startswith("::") else printed


def flow(row):
    ends = tuple(endpoint(address(row[f"host_{side}"]), row[f"port_{side}"]) for side in "ab")
    return Flow(name=row["conn_#"], ends=ends,
                halves=(half(row, "a2b"), half(row, "b2a")))


def parse(printed):
    lines = [line for line in printed.splitlines() if line.strip() and not line.startswith("#")]
    start = next((number for number, line in enumerate(lines) if line.startswith("conn_#,")), None)
    if start is None:
        raise Unreadable
    rows = csv.DictReader(lines[start:], skipinitialspace=True)
    return [flow({name: value.strip() for name, value in row.items() if name and value})
            for row in rows]


def read(path, seconds):
    done = subprocess.run(["tcptrace", "-l", "-n", "--csv", path], capture_output=True, text=True,
                          errors="replace", timeout=seconds, check=False)
    return parse(done.stdout)


def compare(ours, theirs):
    """The differences, named after tcptrace's connections."""
    judge = Judge()
    pairs, _ = judge.flows("tcp", ours.tcp, theirs)
    judge.found = []  # which flows there are is compared with tshark
    for name, (mine, other) in pairs.items():
        if [one.packets for one in mine.halves] != [one.packets for one in other.halves]:
            continue
        for side in (0, 1):
            subject = f"tcp {name} {'ab'[side]}"
            judge.same(subject, "bytes", mine.halves[side].unique, other.halves[side].unique)
            for field in (*COUNTS.values(), "retransmitted_bytes"):
                judge.same(subject, field, mine.halves[side].counts[field],
                           other.halves[side].counts[field])
    return judge.found
