"""tests/corpus/records.py - our facts of a capture, from the records of `wirelens analyze`."""
import collections
import json
import pathlib
import re

from facts import (Facts, Flow, Frames, Half, Head, Message, Realtime, Session, endpoint,
                   origin_form)

HTTP_1 = ("0.9", "1.0", "1.1")


def end_of(record, side):
    return endpoint(record[side]["ip"], record[side]["port"])


def half(said):
    """`sent` or `received` of a connection record. A counter that is absent has counted nothing."""
    found = Half(packets=said["packets"], unique=said["bytes"],
                 payload=said["bytes"] + said.get("retransmitted_bytes", 0),
                 holes=said.get("missing_bytes", 0) > 0)
    found.counts.update({name: value for name, value in said.items() if isinstance(value, int)})
    return found


def flow(record):
    return Flow(name=str(record["id"]), ends=(end_of(record, "client"), end_of(record, "server")),
                halves=(half(record["sent"]), half(record["received"])),
                client=end_of(record, "client"),
                closes=frozenset([record["close"]]) if "close" in record else frozenset())


def one_per_tuple(flows):
    """Datagram flows with the same ends put together: tshark has one of them, however long it was
    silent in between."""
    joined = {}
    for one in flows:
        key = frozenset(one.ends)
        if key not in joined:
            joined[key] = one
            continue
        have = joined[key]
        more = one if one.ends == have.ends else one.turned()
        for mine, other in zip(have.halves, more.halves):
            mine.packets += other.packets
            mine.payload += other.payload
            mine.unique += other.unique
    return list(joined.values())


def body(record, side):
    """Decoded size: the size as sent where nothing had to be decoded."""
    names = [name.lower() for name, _ in record.get(f"{side}_headers", [])]
    as_sent = None if "content-encoding" in names else record.get(f"{side}_body_wire_bytes")
    return record.get(f"{side}_body_bytes", as_sent)


def exchange(record, flows, facts):
    owner = flows.get(record["conn"])
    if owner is None or record.get("version") not in (None, *HTTP_1):
        return
    client, server = owner.ends
    name = owner.name
    if "method" in record or "request_packet" in record:
        facts.requests.append((record.get("request_packet", 0), Message(
            flow=name, sender=client, method=record.get("method"), host=record.get("host"),
            target=origin_form(record.get("path")), body=body(record, "request"), body_known=True)))
    if "status" in record:
        facts.responses.append((record.get("response_packet", 0), Message(
            flow=name, sender=server, status=record["status"], body=body(record, "response"),
            body_known=True)))


SOURCES = pathlib.Path(__file__).resolve().parent.parent.parent / "dissectors" / "tls"


def numbers_of(file, pattern):
    """name -> number, from a table of the program: the records have names where others count."""
    text = (SOURCES / file).read_text()
    return {name: int(number, 0) for number, name in re.findall(pattern, text)}


CIPHERS = numbers_of("cipher_suites.cc", r'\{(0x[0-9A-F]{4}), "(\w+)"\}')
ALERTS = numbers_of("names.cc", r'\{(\d+), "([a-z_]+)"\}')
VERSIONS = {"SSL 2.0": 2, "SSL 3.0": 0x300, "TLS 1.0": 0x301, "TLS 1.1": 0x302, "TLS 1.2": 0x303,
            "TLS 1.3": 0x304}
LEVELS = {"warning": 1, "fatal": 2}


def number(text, names):
    if text is None:
        return None
    return names[text] if text in names else int(text.removeprefix("TLS 1.3 draft "), 0)


def alert(said, owner):
    return (owner.ends[said["from"] == "server"], number(said["level"], LEVELS),
            number(said["description"], ALERTS))


def session(record, owner):
    alerts = [one for one in record.get("alerts", []) if "level" in one]
    return Session(flow=owner.name, server_name=record.get("server_name"),
                   client_versions=[number(one, VERSIONS)
                                    for one in record.get("client_versions", [])],
                   ja3=record.get("ja3"), version=number(record.get("version"), VERSIONS),
                   cipher=number(record.get("cipher"), CIPHERS), alpn=record.get("alpn"),
                   ja3s=record.get("ja3s"), certificates=record.get("certificate_count"),
                   alerts=[alert(one, owner) for one in alerts],
                   established=record["established"])


def frames(record, owner):
    sides = (record["client"]["frames"], record["server"]["frames"])
    counts = {name: [side.get(name, 0) for side in sides] for name in {**sides[0], **sides[1]}}
    return Frames(owner.name, owner.ends, counts)


def heads(record, upgraded):
    """The heads of a stream. The request of an upgraded stream was one of HTTP/1."""
    about = {"flow": str(record["conn"]), "stream": record["stream"]}
    if "method" in record and not (upgraded and record["stream"] == 1):
        values = {"method": record["method"], "authority": record.get("host"),
                  "path": record.get("path")}
        yield Head(kind="push" if record.get("pushed") else "request", **about,
                   values={name: value for name, value in values.items() if value is not None})
    if "status" in record:
        yield Head(kind="response", values={"status": record["status"]}, **about)


def read_http2(by_type, flows, facts):
    upgraded = {one["conn"] for one in by_type["http2"] if one["begun"] == "upgrade"}
    facts.http2 = [frames(one, flows[one["conn"]]) for one in by_type["http2"]
                   if one["conn"] in flows]
    for record in by_type["http"]:
        if record.get("version") == "2" and record["conn"] in flows:
            facts.http2_heads += heads(record, record["conn"] in upgraded)


def websocket(record, owner):
    counts = {}
    for side, end in zip(("client", "server"), owner.ends):
        for frames in record["frames"]:
            counts[f"{frames['opcode']} frames", end] = frames["count"][side]
        counts["payload", end] = record["wire_bytes"][side]
    return Realtime(owner.name, {key: count for key, count in counts.items() if count})


def event_stream(record, owner):
    return Realtime(owner.name, {(field, owner.ends[1]): record[field]
                                 for field in ("events", "heartbeats") if record[field]})


def read(lines, exit_status):
    """Facts from the lines of NDJSON and the exit status of the run."""
    by_type, last = collections.defaultdict(list), {}
    for line in lines:
        record = json.loads(line)
        if record["type"] == "connection":
            last[record["id"]] = record  # a later one replaces the interim ones
        else:
            by_type[record["type"]].append(record)
    # An input that could not even be opened has no records: nothing was read of it.
    nothing = {"packets": 0, "truncated_packets": 0} if exit_status == 3 else {}
    end = (by_type["capture_end"] or [nothing])[-1]
    facts = Facts(damaged=exit_status == 3, packets=end.get("packets"),
                  truncated=end.get("truncated_packets"))
    connections = sorted(last.values(), key=lambda one: (one["first_packet"], one["id"]))
    tcp = {one["id"]: flow(one) for one in connections if one["transport"] == "tcp"}
    facts.tcp = list(tcp.values())
    facts.tcp_total = len(facts.tcp)
    facts.udp = one_per_tuple([flow(one) for one in connections if one["transport"] != "tcp"])
    told = set()
    for record in by_type["tls"]:
        owner = tcp.get(record["conn"])
        if owner and owner.name not in told:  # renegotiations come later
            told.add(owner.name)
            facts.sessions.append(session(record, owner))
    for record in by_type["tls_alert"]:
        for one in facts.sessions:
            if one.flow == str(record["conn"]):
                one.alerts.append(alert(record, tcp[record["conn"]]))
    for record in by_type["http"]:
        exchange(record, tcp, facts)
    read_http2(by_type, tcp, facts)
    for name, reader, found in (("websocket", websocket, facts.websockets),
                                ("sse", event_stream, facts.event_streams)):
        found += [reader(record, tcp[record["conn"]]) for record in by_type[name]
                  if record["conn"] in tcp and "stream" not in record]
    # In the order of the packets, whatever the order in which exchanges were completed.
    facts.requests = [one for _, one in sorted(facts.requests, key=lambda pair: pair[0])]
    facts.responses = [one for _, one in sorted(facts.responses, key=lambda pair: pair[0])]
    return facts
