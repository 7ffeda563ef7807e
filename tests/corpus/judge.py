"""tests/corpus/judge.py - where our facts of a capture and another program's differ."""
import collections
import difflib

from facts import Difference, text
from oracle import COUNTS

# field -> share of the larger value by which two counts may differ without a word.
TOLERANCE = {}


SSL2, TLS13 = 0x0002, 0x0304


def differs(field, ours, theirs):
    return abs(ours - theirs) > TOLERANCE.get(field, 0) * max(ours, theirs)


def facing(one, other):
    """Our flow with its halves in their order; where both ends are one, its packets decide."""
    if len(set(one.ends)) == 1:
        alike = [half.packets for half in one.halves] == [half.packets for half in other.halves]
        return one if alike else one.turned()
    return one if one.ends == other.ends else one.turned()


class Judge:
    """Collects the differences of one capture."""

    def __init__(self):
        self.found = []

    def say(self, subject, field, ours, theirs):
        shown = ("absent" if value is None else str(value) for value in (ours, theirs))
        self.found.append(Difference(subject, field, *shown))

    def same(self, subject, field, ours, theirs):
        if ours != theirs:
            self.say(subject, field, ours, theirs)

    def file(self, ours, theirs):
        self.same("file", "damaged", ours.damaged, theirs.damaged)
        self.same("file", "packets", ours.packets, theirs.packets)
        self.same("file", "truncated_packets", ours.truncated, theirs.truncated)

    def flows(self, transport, ours, theirs):
        """Pairs our flows with theirs: the n-th of a tuple with the n-th. Returns the pairs by
        their name, our half 0 turned to be theirs."""
        waiting = collections.defaultdict(list)
        for one in ours:
            waiting[frozenset(one.ends)].append(one)
        place = {one.name: number for number, one in enumerate(ours)}
        pairs, last, before = {}, -1, None
        for other in theirs:
            name = f"{transport} {other.name}"
            candidates = waiting[frozenset(other.ends)]
            if not candidates:
                self.say(name, "flow", None, " - ".join(map(text, other.ends)))
                continue
            one = candidates.pop(0)
            if place[one.name] < last:
                self.say(name, "order", f"before {before}", f"after {before}")
            else:
                last, before = place[one.name], name
            pairs[other.name] = (facing(one, other), other)
        return pairs, [one for rest in waiting.values() for one in rest]

    def extra(self, transport, rest):
        """Our flows that they do not have, each with its number among those of the same ends."""
        numbers = collections.Counter()
        for one in rest:
            ends = " - ".join(map(text, one.ends))
            numbers[ends] += 1
            self.say(f"{transport} +{ends}", f"flow {numbers[ends]}", "present", None)

    def tcp(self, ours, theirs):
        self.same("tcp", "streams", ours.tcp_total, theirs.tcp_total)
        pairs, rest = self.flows("tcp", ours.tcp, theirs.tcp)
        if theirs.tcp_total == len(theirs.tcp):
            self.extra("tcp", rest)
        for name, (mine, other) in pairs.items():
            for side in (0, 1):
                self.half(f"tcp {name} {'ab'[side]}", mine.halves[side], other.halves[side])
            self.close(f"tcp {name}", mine, other)
        return pairs

    def half(self, subject, mine, other):
        self.same(subject, "packets", mine.packets, other.packets)
        if other.unique is not None:
            self.same(subject, "bytes", mine.unique, other.unique)
        if other.holes is not None:
            self.same(subject, "missing_bytes", mine.holes, other.holes)
        # A packet that the capture has twice was sent once, and a keep-alive's byte is none.
        uncounted = mine.counts["capture_duplicates"] or mine.counts["keep_alives"]
        if mine.payload > other.payload or (mine.payload < other.payload and not uncounted):
            self.say(subject, "payload", mine.payload, other.payload)
        for field in COUNTS.values():
            if differs(field, mine.counts[field], other.counts[field]):
                self.say(subject, field, mine.counts[field], other.counts[field])

    def close(self, subject, mine, other):
        roles = {f"reset {side}": "reset_by_client" if end == mine.client else "reset_by_server"
                 for side, end in enumerate(other.ends)}
        allowed = {roles.get(way, way) for way in other.closes}
        if mine.closes and not mine.closes <= allowed:
            self.say(subject, "close", " ".join(mine.closes), " or ".join(sorted(allowed)))

    def udp(self, ours, theirs):
        pairs, rest = self.flows("udp", ours.udp, theirs.udp)
        self.extra("udp", rest)
        for name, (mine, other) in pairs.items():
            for side in (0, 1):
                subject = f"udp {name} {'ab'[side]}"
                self.same(subject, "packets", mine.halves[side].packets, other.halves[side].packets)
                self.same(subject, "bytes", mine.halves[side].unique, other.halves[side].unique)

    def http(self, ours, theirs, pairs):
        for kind in ("request", "response"):
            mine, other = collections.defaultdict(list), collections.defaultdict(list)
            names = {one.name: name for name, (one, _) in pairs.items()}
            encrypted = {name for name, (_, their) in pairs.items() if their.encrypted}
            for message in getattr(ours, kind + "s"):
                mine[names.get(message.flow, f"+{message.flow}")].append(message)
            for message in getattr(theirs, kind + "s"):
                other[message.flow].append(message)
            for name in sorted(set(mine) | set(other), key=lambda word: (len(word), word)):
                if name in encrypted:
                    continue  # what is inside TLS is compared when TLS is opened
                have = mine[name][:len(other[name])] if theirs.cut_short else mine[name]
                self.messages(f"http {name} {kind}", have, other[name])

    def tls(self, ours, theirs, pairs):
        mine = {one.flow: one for one in ours.sessions}
        other = {one.flow: one for one in theirs.sessions}
        for name, (one, _) in pairs.items():
            have, said = mine.pop(one.name, None), other.get(name)
            if have and said:
                self.session(f"tls {name}", have, said)
            elif have or said:
                self.say(f"tls {name}", "handshake", *("present" if each else None
                                                       for each in (have, said)))

    def session(self, subject, mine, other):
        """What is encrypted for us may have been opened for them: then we say nothing of it."""
        for field in ("server_name", "client_versions", "ja3", "version", "cipher", "ja3s"):
            self.same(subject, field, getattr(mine, field), getattr(other, field))
        for field in ("alpn", "certificates"):
            if mine.version == SSL2:
                continue  # they do not look into its hellos
            if getattr(mine, field) is not None or (mine.version or 0) < TLS13:
                self.same(subject, field, getattr(mine, field), getattr(other, field))
        theirs = other.alerts[:len(mine.alerts)] if mine.established else other.alerts
        self.same(subject, "alerts", mine.alerts, theirs)

    def realtime(self, what, mine, other, pairs):
        """WebSockets or event streams: those of one flow in their order."""
        names = {one.name: name for name, (one, _) in pairs.items()}
        encrypted = {name for name, (_, their) in pairs.items() if their.encrypted}
        ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
        for one in mine:
            ours[names.get(one.flow, f"+{one.flow}")].append(one.counts)
        for one in other:
            theirs[one.flow].append(one.counts)
        for name in sorted((set(ours) | set(theirs)) - encrypted, key=lambda word: (len(word), word)):
            for number in range(max(len(ours[name]), len(theirs[name]))):
                have, want = ((lists[name][number:] or [{}])[0] for lists in (ours, theirs))
                for field, end in sorted(set(have) | set(want), key=str):
                    self.same(f"{what} {name} {number + 1} {text(end)}", field,
                              have.get((field, end), 0), want.get((field, end), 0))

    def messages(self, subject, mine, other):
        keys = [[one.key for one in messages] for messages in (other, mine)]
        matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
        for what, low, high, my_low, my_high in matcher.get_opcodes():
            paired = min(high - low, my_high - my_low)
            for step in range(paired):
                self.message(f"{subject} {low + step + 1}", mine[my_low + step], other[low + step])
            for number in range(low + paired, high):
                self.say(f"{subject} {number + 1}", "message", None, other[number].key)
            for number in range(my_low + paired, my_high):
                self.say(f"{subject} +{number + 1}", "message", mine[number].key, None)

    def message(self, subject, mine, other):
        for field in ("method", "target", "status"):
            self.same(subject, field, getattr(mine, field), getattr(other, field))
        if other.host is not None:
            self.same(subject, "host", mine.host, other.host)
        self.same(subject, "sender", text(mine.sender), text(other.sender))
        if other.body_known and mine.body is not None:
            self.same(subject, "body", mine.body, other.body or 0)

    def http2(self, ours, theirs, pairs):
        names = {one.name: name for name, (one, _) in pairs.items()}
        mine = {names.get(one.flow, f"+{one.flow}"): one for one in ours.http2}
        other = {one.flow: one for one in theirs.http2}
        for name in sorted(set(mine) | set(other), key=lambda word: (len(word), word)):
            if name not in mine and pairs[name][1].encrypted:
                continue  # what is inside TLS is compared when TLS is opened
            self.frames(f"http2 {name}", mine.get(name), other.get(name))
            if name in mine and name in other:
                self.heads(name, [one for one in ours.http2_heads if names.get(one.flow) == name],
                           [one for one in theirs.http2_heads if one.flow == name],
                           theirs.http2_cut_short)

    def frames(self, subject, mine, other):
        if mine is None or other is None:
            shown = ("present" if one else None for one in (mine, other))
            self.say(subject, "connection", *shown)
            return
        turned = mine.ends != other.ends
        for kind in sorted(set(mine.counts) | set(other.counts)):
            have = mine.counts.get(kind, [0, 0])
            have = have[::-1] if turned else have
            for side, theirs in enumerate(other.counts.get(kind, [0, 0])):
                self.same(f"{subject} {'ab'[side]}", kind, have[side], theirs)

    def heads(self, name, mine, other, cut_short):
        have = {(one.kind, one.stream): one.values for one in mine}
        said = {(one.kind, one.stream): one.values for one in other}
        for key in sorted(set(have) | set(said), key=lambda pair: (pair[1], pair[0])):
            kind, stream = key
            subject = f"http2 {name} stream {stream} {kind}"
            if key not in said and cut_short:
                continue
            if key not in have or key not in said:
                self.say(subject, "message", have.get(key), said.get(key))
                continue
            for field in sorted(set(have[key]) | set(said[key])):
                self.same(subject, field, have[key].get(field), said[key].get(field))


def against_tshark(ours, theirs):
    judge = Judge()
    judge.file(ours, theirs)
    pairs = judge.tcp(ours, theirs)
    judge.udp(ours, theirs)
    judge.http(ours, theirs, pairs)
    judge.tls(ours, theirs, pairs)
    judge.http2(ours, theirs, pairs)
    judge.realtime("websocket", ours.websockets, theirs.websockets, pairs)
    judge.realtime("sse", ours.event_streams, theirs.event_streams, pairs)
    return judge.found
