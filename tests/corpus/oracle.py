"""tests/corpus/oracle.py - tshark's facts of a capture, from ../shared/captures/oracle.

The oracle's own README says what each number means. What is read here was made with out-of-order
reassembly on, except where that made tshark stop at a hole: then `http1` is the fullest of its
sections, and its `mode` says so.
"""
import json

from facts import (Facts, Flow, Frames, Half, Head, Message, Realtime, Session, endpoint,
                   origin_form)

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


def number(text):
    return None if text is None else int(text, 16)


def is_grease(value):
    return value & 0x0f0f == 0x0a0a and value >> 8 == value & 0xff


def first_of_each(rows):
    """stream -> the first row of it; QUIC's handshakes are not TLS records."""
    found = {}
    for row in rows:
        if "quic" not in row:
            found.setdefault(str(row["stream"]), row)
    return found


def sessions(tls, flows):
    """The first handshake of every TCP stream in which tshark found a hello."""
    retries = {(row["stream"], row["frame"]) for row in tls["server_hellos"]["rows"]
               if row.get("selected_version") and is_retry(row, tls)}
    answers = [row for row in tls["server_hellos"]["rows"]
               if (row["stream"], row["frame"]) not in retries]
    asked, answered = (first_of_each(rows) for rows in (tls["client_hellos"]["rows"], answers))
    for row in tls.get("sslv2_messages", {}).get("rows", []):
        told = {"client_hello": asked, "server_hello": answered}.get(row["message"], {})
        have = told.get(str(row["stream"]))
        if have is None or row["frame"] < have["frame"]:  # a later one is a renegotiation
            told[str(row["stream"])] = {**row, "legacy_version": row["version"]}
    inside = first_of_each(tls["encrypted_extensions"]["rows"])
    found = []
    for stream in sorted(set(asked) | set(answered), key=int):
        if stream not in flows:
            continue
        client, server = asked.get(stream, {}), answered.get(stream, {})
        one = Session(flow=stream, server_name=client.get("sni"), ja3=client.get("ja3"),
                      cipher=number(server.get("cipher")), ja3s=server.get("ja3s"))
        versions = client.get("supported_versions") or [client.get("legacy_version")]
        one.client_versions = [number(each) for each in versions
                               if each and not is_grease(number(each))]
        one.version = number(server.get("selected_version") or server.get("legacy_version"))
        one.alpn = server.get("alpn") or inside.get(stream, {}).get("alpn")
        sender = None if not server else server["dir"]
        chains = [row for row in tls["certificates"]["rows"]
                  if str(row["stream"]) == stream and row["dir"] == sender]
        one.certificates = chains[0]["count"] if chains else None
        one.alerts = [(flows[stream].ends[row["dir"]], row["level"], row["description"])
                      for row in tls["alerts"]["rows"]
                      if str(row["stream"]) == stream and row["level"] is not None]
        found.append(one)
    return found


def is_retry(row, tls):
    """Of two ServerHellos of a stream with two ClientHellos, the first asks for the second."""
    hellos = [each["frame"] for each in tls["client_hellos"]["rows"]
              if each["stream"] == row["stream"]]
    answers = [each["frame"] for each in tls["server_hellos"]["rows"]
               if each["stream"] == row["stream"]]
    return len(hellos) > 1 and len(answers) > 1 and row["frame"] == answers[0] < hellos[1]


def http2_heads(http2):
    for kind in ("request", "response", "push"):
        for row in http2[f"{kind}s" if kind != "push" else "pushes"]["rows"]:
            if row.get("status") is not None and row["status"] < 200:
                continue
            yield Head(flow=str(row["stream"]), kind=kind,
                       stream=row["promised"] if kind == "push" else row["h2"],
                       values={name: row[name] for name in ("method", "authority", "path", "status")
                               if row.get(name) is not None})


def read_http2(http2, flows, facts):
    for row in http2["connections"]:
        owner = flows.get(str(row["stream"]))
        if owner is not None:
            counts = {name.lower(): pair for name, pair in row["frames"].items() if name != "MAGIC"}
            facts.http2.append(Frames(owner.name, owner.ends, counts))
    facts.http2_heads = [head for head in http2_heads(http2) if head.flow in flows]
    facts.http2_cut_short = any(http2[part]["truncated"]
                                for part in ("requests", "responses", "pushes"))


def websocket(row, owner):
    counts = {}
    for side, end in enumerate(owner.ends):
        for opcode, pair in row["opcodes"].items():
            counts[f"{opcode} frames", end] = pair[side]
        counts["payload", end] = row["payload"][side]
    return Realtime(owner.name, {key: count for key, count in counts.items() if count})


def event_stream(row, owner):
    counts = {"events": row["events"], "heartbeats": row["comments"]}
    return Realtime(owner.name, {(field, owner.ends[row["dir"]]): count
                                 for field, count in counts.items() if count})


def read(path, opened=False):
    """`opened`: both programs had the keys of what is encrypted."""
    with open(path, encoding="utf-8") as file:
        said = json.load(file)
    about = said["file"]
    facts = Facts(damaged="read_error" in about,
                  packets=about["packets"] if about.get("packets") is not None else said["packets"],
                  truncated=said["truncated_packets"], tcp_total=said["tcp"]["streams"],
                  tcp=[flow(row) for row in said["tcp"]["list"]["rows"]],
                  udp=[datagram_flow(row) for row in said["udp"]["list"]["rows"]])
    for one in facts.tcp:
        one.encrypted = one.encrypted and not opened
    if said.get("tls"):
        facts.sessions = sessions(said["tls"], {one.name: one for one in facts.tcp})
    flows = {one.name: one for one in facts.tcp}
    for part, reader, found in (("websocket", websocket, facts.websockets),
                                ("sse", event_stream, facts.event_streams)):
        section = said.get(part) or {}
        rows = section.get("rows", section.get("streams", []))
        owners = [flows.get(str(row["stream"])) for row in rows]
        found += [reader(row, owner) for row, owner in zip(rows, owners)
                  if owner and not owner.encrypted]
    http = said.get("http1")
    if http:
        facts.requests = messages(http, "requests", flows)
        facts.responses = messages(http, "responses", flows)
        facts.cut_short = any(http[part]["truncated"] for part in ("requests", "responses"))
    if said.get("http2"):
        read_http2(said["http2"], {one.name: one for one in facts.tcp}, facts)
    return facts
