"""tests/corpus/oracle.py - tshark's facts of a capture, from ../shared/captures/oracle.

The oracle's own README says what each number means. What is read here was made with out-of-order
reassembly on, except where that made tshark stop at a hole: then `http1` is the fullest of its
sections, and its `mode` says so.
"""
import json

from facts import Facts, Flow, Half, Message, endpoint, origin_form

# tcp.analysis flag -> field of a `connection` record
COUNTS = {
    "retransmission": "retransmitted_packets",
    "fast_retransmission": "fast_retransmits",
    "spurious_retransmission": "spurious",
    "out_of_order": "out_of_order",
    "duplicate_ack": "duplicate_acks",
    "zero_window": "zero_windows",
    "zero_window_probe": "zero_window_probes",
    "keep_alive": "keep_alives",
}
# Flags that tell of bytes sent again: without them, every byte of the payload is new.
RESENT = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
          "keep_alive", "zero_window_probe")
BODY_MODES = ("main", "ooo_off")  # the others read heads only


def split_endpoint(words):
    address, port = words.rsplit(":", 1)
    return endpoint(address.strip("[]"), port)


def half(row, side):
    flags = {name: pair[side] for name, pair in row.get("analysis", {}).items()}
    found = Half(packets=row["pkts"][side], payload=row["payload"][side])
    found.counts.update({COUNTS[name]: n for name, n in flags.items() if name in COUNTS})
    follow = row.get("follow")
    if follow:
        # Its text for a hole ends in a NUL that stays behind when the text is taken out.
        found.unique = follow[side]["bytes"] - follow[side]["gaps"]
        found.holes = follow[side]["gaps"] > 0
    elif not any(flags.get(name) for name in RESENT):
        found.unique = found.payload
    return found


def closes(row):
    """The endings that the segments allow. Who is the client is not known: "reset 0" is a side."""
    syn, fin, rst, packets = row["syn"], row["fin"], row["rst"], row["pkts"]
    ways = {f"reset {side}" for side in (0, 1) if rst[side]}
    for side in (0, 1):
        if syn[side] and rst[1 - side] and not syn[1 - side]:
            ways.add("refused")
    if all(fin):
        ways.add("fin")
    if not ways:
        ways = {"open", "timeout"}
        if any(syn[side] and not packets[1 - side] for side in (0, 1)):
            ways.add("unanswered")
    return frozenset(ways)


def flow(row):
    return Flow(name=str(row["stream"]), ends=(split_endpoint(row["a"]), split_endpoint(row["b"])),
                halves=(half(row, 0), half(row, 1)), closes=closes(row),
                encrypted="tls_records" in row)


def datagram_flow(row):
    return Flow(name=str(row["stream"]), ends=(split_endpoint(row["a"]), split_endpoint(row["b"])),
                halves=tuple(Half(row["pkts"][side], row["payload"][side], row["payload"][side])
                             for side in (0, 1)))


def bodies(section, part):
    """(stream, number within the stream) -> body, if that section has read bodies."""
    numbers, found = {}, {}
    for row in (section or {}).get(part, {}).get("rows", []):
        number = numbers[row["stream"]] = numbers.get(row["stream"], -1) + 1
        found[row["stream"], number] = row.get("body")
    return found


def messages(http, part, flows):
    with_bodies = bodies(http if http.get("mode") in BODY_MODES else None, part)
    numbers, found = {}, []
    for row in http[part]["rows"]:
        stream = str(row["stream"])
        number = numbers[stream] = numbers.get(stream, -1) + 1
        owner = flows.get(stream)
        if owner is None or owner.encrypted:
            continue
        status = row.get("status")
        if status is not None and status < 200 and status != 101:
            continue  # interim responses have no record of their own
        found.append(Message(flow=stream, sender=owner.ends[row["dir"]], method=row.get("method"),
                             target=origin_form(row.get("uri")) if status is None else None,
                             host=row.get("host"),
                             status=status, body=with_bodies.get((row["stream"], number)),
                             body_known=bool(with_bodies)))
    return found


def read(path):
    with open(path, encoding="utf-8") as file:
        said = json.load(file)
    about = said["file"]
    facts = Facts(damaged="read_error" in about,
                  packets=about["packets"] if about.get("packets") is not None else said["packets"],
                  truncated=said["truncated_packets"], tcp_total=said["tcp"]["streams"],
                  tcp=[flow(row) for row in said["tcp"]["list"]["rows"]],
                  udp=[datagram_flow(row) for row in said["udp"]["list"]["rows"]])
    http = said.get("http1")
    if http:
        flows = {one.name: one for one in facts.tcp}
        facts.requests = messages(http, "requests", flows)
        facts.responses = messages(http, "responses", flows)
        facts.cut_short = any(http[part]["truncated"] for part in ("requests", "responses"))
    return facts
