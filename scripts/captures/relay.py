"""relay.py - a cable with a will of its own: it loses, delays, duplicates and reorders frames.

What it does follows from a seed and from the order in which frames come, never from a clock.
"""
import dataclasses
import heapq
import os
import random
import select
import struct
import threading
import time

import packets


@dataclasses.dataclass
class Path:
    """What one direction does to its frames. Times are seconds, the others are shares of one."""

    delay: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    lag: float = 0.004  # how much later a reordered or duplicated frame comes
    rate: float = 0.0  # bytes a second; 0: any
    drop: frozenset = frozenset()  # TCP segments with payload, counted from 1, that are lost
    stall_at: int = 0  # the segment at which everything stops ...
    stall: float = 0.0  # ... and waits in line for so long
    first: int = 0  # so many frames at the beginning are lost
    dead: bool = False  # nothing passes
    largest: int = 0  # IP packets that are longer vanish, and nobody says so; 0: any


def payload_length(frame):
    """Bytes of TCP payload in an Ethernet frame; 0 for all else."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[23] == 6:
        start = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
    elif kind == 0x86DD and frame[20] == 6:
        start, end = 54, 54 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return 0
    return end - start - (frame[start + 12] >> 4) * 4


def is_neighbour_talk(frame):
    """ARP and ICMPv6, without which no story starts."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    return kind == 0x0806 or (kind == 0x86DD and frame[20] == 58)


class Relay(threading.Thread):
    """Carries frames between two TAP descriptors. `there` is left to right, `back` the other way.

    Each frame that enters is also written to `mirror`, if there is one, as `wrap` makes it look:
    what a monitor sees of a line whose ends do not know how their frames are carried.
    """

    def __init__(self, left, right, seed=1, there=None, back=None, mirror=None, wrap=None):
        super().__init__(daemon=True)
        self._mirror = mirror
        self._wrap = wrap or (lambda direction, frame: frame)
        self.paths = [there or Path(), back or Path()]
        self._ends = [left, right]
        self._random = [random.Random(seed), random.Random(seed + 1)]
        self._segments = [0, 0]
        self._free = [0.0, 0.0]  # when the direction's line is free again
        self._waiting = []
        self._order = 0
        self._stopping = False
        self.forgets = 0.0  # a connection that was silent for so many seconds is not known any more
        self._last = {}  # when each was heard

    def stop(self):
        self._stopping = True
        self.join()
        for descriptor in [*self._ends, self._mirror]:
            if descriptor is not None:
                os.close(descriptor)

    def run(self):
        while not self._stopping:
            wait = 0.05
            if self._waiting:
                wait = min(wait, max(0.0, self._waiting[0][0] - time.monotonic()))
            for descriptor in select.select(self._ends, [], [], wait)[0]:
                self._take(self._ends.index(descriptor), os.read(descriptor, 65536))
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _, _, direction, frame = heapq.heappop(self._waiting)
                os.write(self._ends[1 - direction], frame)

    def _take(self, direction, frame):
        if self._mirror is not None:
            os.write(self._mirror, self._wrap(direction, frame))
        path, chance = self.paths[direction], self._random[direction]
        length = payload_length(frame)
        self._segments[direction] += length > 0
        ordinal = self._segments[direction] if length > 0 else -1
        lost = chance.random() < path.loss or ordinal in path.drop
        twice = chance.random() < path.duplicate
        late = chance.random() < path.reorder
        if is_neighbour_talk(frame):
            lost = twice = late = False
        elif path.first > 0:
            path.first -= 1
            lost = True
        too_long = path.largest and len(frame) - 14 > path.largest
        if lost or path.dead or too_long or self._forgotten(direction, frame, length):
            return
        now = time.monotonic()
        if ordinal == path.stall_at:
            self._free[direction] = now + path.stall
        now = max(now, self._free[direction])
        if path.rate:
            now += len(frame) / path.rate
            self._free[direction] = now
        self._send(direction, now + path.delay + (path.lag if late else 0.0), frame)
        if twice:
            self._send(direction, now + path.delay + path.lag, frame)

    def _forgotten(self, direction, frame, length):
        """Answers data of a connection that was silent for too long as a NAT does: by a reset."""
        if not self.forgets or not packets.is_tcp(frame):
            return False
        ends = frozenset((frame[26:30] + frame[34:36], frame[30:34] + frame[36:38]))
        now = time.monotonic()
        silent = now - self._last.get(ends, now)
        if silent < self.forgets or not length:
            self._last[ends] = now
            return False
        self._send(1 - direction, now + 0.001, packets.reset_for(frame, ttl=255))
        return True

    def _send(self, direction, when, frame):
        self._order += 1
        heapq.heappush(self._waiting, (when, self._order, direction, frame))
