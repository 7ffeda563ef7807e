"""tests/corpus/records.py - our facts of a capture, from the records of `wirelens analyze`."""
import collections
import json

from facts import Facts, Flow, Half, Message, endpoint, origin_form

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
    for record in by_type["http"]:
        exchange(record, tcp, facts)
    # In the order of the packets, whatever the order in which exchanges were completed.
    facts.requests = [one for _, one in sorted(facts.requests, key=lambda pair: pair[0])]
    facts.responses = [one for _, one in sorted(facts.responses, key=lambda pair: pair[0])]
    return facts
