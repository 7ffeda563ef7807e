"""attack_cases.py - what no kernel sends of its own accord, written packet by packet.

Times, addresses and numbers are chosen, so these captures are the same each time they are made.
"""
import packets
from cases import case
from packets import ACK, FIN, PSH, RST, SYN, Scene, Talk
from peers import get, response

CLIENT, SERVER = "10.0.1.1", "10.0.1.2"


def exchange(scene, port, path, client=CLIENT):
    """One honest connection with one exchange."""
    talk = Talk(scene, client, SERVER, (port, 80), (port * 1000, port * 3000))
    talk.open()
    talk.say(0, get(path))
    talk.say(1, response(f"answer to {path}\n".encode()))
    talk.close()


def opened(scene, port):
    talk = Talk(scene, CLIENT, SERVER, (port, 80), (port * 1000, port * 3000))
    talk.open()
    return talk


@case("attack/overlap_conflict.pcap", "nine connections, each with the same bytes sent twice in a "
      "different way and at another of the nine places; then one whose request changes after the "
      "ACK")
def overlap_conflict(lab, name):
    scene = Scene()
    request = get("/the-first-copy-counts")
    first = (12, 24)  # what lies beyond a hole before the others come
    others = ((12, 24), (12, 20), (12, 30), (8, 24), (16, 24), (8, 30), (14, 20), (8, 16), (20, 30))
    for number, (start, end) in enumerate(others):
        talk = opened(scene, 41_000 + number)
        base = talk.next[0]
        talk.segment(0, request[slice(*first)], PSH | ACK, at=base + first[0])
        talk.segment(0, b"#" * (end - start), PSH | ACK, at=base + start)
        talk.segment(0, request[:first[0]], PSH | ACK, at=base)
        talk.segment(0, request[first[1]:], PSH | ACK, at=base + first[1])
        talk.next[0] = base + len(request)
        talk.segment(1)
        talk.say(1, response(b"ok"))
        talk.close()
    talk = opened(scene, 41_100)
    base = talk.next[0]
    talk.say(0, request)
    talk.segment(0, request.replace(b"first", b"other"), PSH | ACK, at=base)
    talk.segment(1)
    talk.say(1, response(b"ok"))
    talk.close()
    lab.save(name, scene)


@case("attack/bad_checksums.pcap", "a decoy with a bad checksum before each real segment; then a "
      "client whose every checksum is bad, since its network card was to fill them in")
def bad_checksums(lab, name):
    scene = Scene()
    talk = opened(scene, 42_000)
    for path in ("/one", "/two"):
        talk.segment(0, get("/decoy"), PSH | ACK, at=talk.next[0], spoil=1)
        talk.say(0, get(path))
        talk.say(1, response(path.encode()))
    talk.segment(1, b"", RST | ACK, at=talk.next[1], spoil=1)
    talk.say(0, get("/three"))
    talk.say(1, response(b"three"))
    talk.close()

    client = "10.0.1.9"
    talk = Talk(scene, client, SERVER, (42_001, 80), (1, 1))
    talk.ends[0] = (client, 42_001, 9)
    talk.segment(0, flags=SYN, options=Talk.MSS, spoil=7)
    talk.segment(1, flags=SYN | ACK, options=Talk.MSS)
    talk.segment(0, spoil=7)
    for number in range(20):
        talk.segment(0, get(f"/offloaded/{number}"), PSH | ACK, spoil=7)
        talk.segment(1, response(b"ok"), PSH | ACK)
        talk.segment(0, spoil=7)
    talk.segment(0, flags=FIN | ACK, spoil=7)
    talk.segment(1, flags=FIN | ACK)
    talk.segment(0, spoil=7)
    lab.save(name, scene)


@case("attack/reset_decoys.pcap", "RSTs that RFC 5961 makes a host ignore or challenge (in the "
      "window, outside it, with a bad checksum), and at last one that counts")
def reset_decoys(lab, name):
    scene = Scene()
    talk = opened(scene, 43_000)
    decoys = ((talk.next[1] + 1000, 0), (talk.next[1] + 900_000, 0), (talk.next[1] - 5000, 0),
              (talk.next[1], 3))
    for number, (sequence, spoil) in enumerate(decoys):
        talk.segment(1, flags=RST, at=sequence, spoil=spoil)
        if number == 0:
            talk.segment(0)  # the challenge ACK
        talk.say(0, get(f"/after/{number}"))
        talk.say(1, response(b"still here"))
    talk.segment(1, flags=RST | ACK)
    lab.save(name, scene)


@case("attack/reset_injected.pcap", "an exact RST from someone on the path: its TTL is another, "
      "the server never sent it and goes on")
def reset_injected(lab, name):
    scene = Scene()
    talk = opened(scene, 43_100)
    talk.segment(0, get("/forbidden-word"), PSH | ACK)
    talk.segment(1, flags=RST | ACK, at=talk.next[1], ttl=117, after=0.002)
    talk.segment(1, response(b"what you asked for"), PSH | ACK, after=0.008)
    talk.segment(0, flags=RST, after=0.0001)
    lab.save(name, scene)


@case("attack/low_ttl_decoys.pcap", "decoys whose TTL ends before the server, so that only the "
      "monitor reads them")
def low_ttl_decoys(lab, name):
    scene = Scene()
    talk = opened(scene, 44_000)
    for path in ("/real/one", "/real/two"):
        decoy = b"#" * len(get(path))
        talk.segment(0, decoy, PSH | ACK, at=talk.next[0], ttl=3)
        talk.say(0, get(path))
        talk.say(1, response(path.encode()))
    talk.close()
    lab.save(name, scene)


@case("attack/old_duplicate_syn.pcap", "RFC 9293 figure 9: an old SYN comes before the new one, "
      "and the client's RST clears it")
def old_duplicate_syn(lab, name):
    scene = Scene()
    old = Talk(scene, CLIENT, SERVER, (45_000, 80), (90, 300))
    old.segment(0, flags=SYN, options=Talk.MSS)
    old.segment(1, flags=SYN | ACK, options=Talk.MSS, after=0.01)
    old.segment(0, flags=RST, after=0.01)
    new = Talk(scene, CLIENT, SERVER, (45_000, 80), (100_000, 400_000))
    new.open()
    new.say(0, get("/new"))
    new.say(1, response(b"welcome"))
    new.segment(0, flags=SYN, at=90)  # once more, while established: out of the window
    new.segment(1)
    new.say(0, get("/again"))
    new.say(1, response(b"still here"))
    new.close()
    lab.save(name, scene)


@case("attack/split_handshake.pcap", "the server answers SYN with a SYN of its own: four-way and "
      "five-way handshakes that hosts accept")
def split_handshake(lab, name):
    scene = Scene()
    for port, five in ((46_000, False), (46_001, True)):
        talk = Talk(scene, CLIENT, SERVER, (port, 80))
        talk.segment(0, flags=SYN, options=Talk.MSS)
        if five:
            talk.segment(1, at=talk.next[1])
        talk.segment(1, flags=SYN, options=Talk.MSS)
        talk.segment(0, flags=SYN | ACK, at=talk.next[0] - 1, options=Talk.MSS)
        talk.segment(1)
        talk.say(0, get("/split"))
        talk.say(1, response(b"joined"))
        talk.close()
    lab.save(name, scene)


@case("attack/swapped_and_shuffled.pcap", "requests cut in pieces that arrive last first: in two "
      "halves, in four, byte by byte; and a FIN before the data it ends")
def swapped_and_shuffled(lab, name):
    scene = Scene()
    request = get("/in/pieces")
    halves, quarters = len(request) // 2 + 1, len(request) // 4 + 1
    for port, size in ((47_000, halves), (47_001, quarters), (47_002, 1)):
        talk = opened(scene, port)
        base = talk.next[0]
        for start in reversed(range(0, len(request), size)):
            talk.segment(0, request[start:start + size], PSH | ACK, at=base + start)
        talk.next[0] += len(request)
        talk.segment(1)
        talk.say(1, response(b"joined"))
        talk.close()
    talk = opened(scene, 47_003)
    base = talk.next[0]
    talk.segment(0, flags=FIN | ACK, at=base + len(request))
    talk.segment(0, request, PSH | ACK, at=base)
    talk.next[0] += len(request) + 1
    talk.segment(1)
    talk.segment(1, response(b"goodbye"), PSH | ACK)
    talk.segment(1, flags=FIN | ACK)
    talk.segment(0)
    lab.save(name, scene)


@case("attack/damaged_headers.pcap", "lengths that lie: IP header, IP total, TCP offset, TCP "
      "options, frames cut short; honest exchanges before and after")
def damaged_headers(lab, name):
    scene = Scene()
    exchange(scene, 48_000, "/before")
    whole = packets.ethernet(packets.ipv4(
        packets.tcp(get("/damaged"), CLIENT, SERVER, (48_001, 80), 1), CLIENT, SERVER))

    def damaged(offset, value):
        scene.frame(whole[:offset] + bytes(value) + whole[offset + len(value):])

    damaged(14, [0x44])  # header of 16 bytes
    damaged(14, [0x4F])  # header of 60, and TCP after it is nonsense
    damaged(14, [0x65])  # IPv4's frame type, version 6
    damaged(16, [0x00, 0x13])  # shorter than its header
    damaged(16, [0xFF, 0xFF])  # longer than the frame
    damaged(46, [0x10])  # TCP header of 4 bytes
    damaged(46, [0xF0])  # of 60
    for length in (10, 14, 20, 33, 34, 40, 53):
        scene.frame(whole[:length])
    bad_options = packets.tcp(b"", CLIENT, SERVER, (48_001, 80), 1, flags=SYN,
                              options=b"\x02\x04\x05\xb4\x03\x00\x08\xff")
    scene.frame(packets.ethernet(packets.ipv4(bad_options, CLIENT, SERVER)))
    exchange(scene, 48_002, "/after")
    lab.save(name, scene)


@case("findings/port_at_rest.pcap", "a SYN to a server whose socket for these ports still rests in "
      "TIME_WAIT, older by its number: an old ACK answers, RST, and again a second later")
def port_at_rest(lab, name):
    scene = Scene()
    talk = opened(scene, 40_000)
    talk.say(0, get("/"))
    talk.say(1, response(b"bye\n"))
    talk.segment(1, flags=FIN | ACK)
    talk.segment(0, flags=FIN | ACK)
    talk.segment(1)
    scene.wait(2)
    talk.segment(0, flags=SYN, at=9_000_000, options=Talk.MSS)
    talk.segment(1)
    talk.segment(0, flags=RST, at=talk.next[0])
    talk.segment(0, flags=SYN, at=9_000_000, options=Talk.MSS, after=1)
    talk.segment(1)
    lab.save(name, scene)


@case("findings/window_without_need.pcap", "a window that stands at 0 for two seconds while its "
      "peer has nothing to send")
def window_without_need(lab, name):
    scene = Scene()
    talk = opened(scene, 49_000)
    talk.segment(0, b"x" * 1000, PSH | ACK)
    closed = packets.tcp(b"", SERVER, CLIENT, (80, 49_000), talk.next[1], talk.next[0], window=0)
    scene.frame(packets.ethernet(packets.ipv4(closed, SERVER, CLIENT), source=2, destination=1))
    scene.wait(2)
    talk.segment(1)
    talk.segment(0, b"y" * 100, PSH | ACK)
    talk.segment(1)
    talk.close()
    lab.save(name, scene)


@case("findings/closed_in_time.pcap", "a connection that its server closes after 350 s of silence, "
      "so that the request that crosses the FIN is reset")
def closed_in_time(lab, name):
    scene = Scene()
    talk = opened(scene, 43_000)
    talk.say(0, get("/first"))
    talk.say(1, response(b"ok\n"))
    scene.wait(350)
    talk.segment(1, flags=FIN | ACK)
    talk.segment(0, get("/second"), PSH | ACK, after=0.00001)
    talk.segment(1, flags=RST, after=0.001)
    lab.save(name, scene)
