#!/usr/bin/python3
"""tests/corpus/compare_test.py - the comparison itself, on records and oracles written by hand."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import differences  # noqa: E402
import judge  # noqa: E402
import oracle  # noqa: E402
import records  # noqa: E402
import tcptrace  # noqa: E402
from facts import Difference  # noqa: E402

COMPARE = pathlib.Path(__file__).resolve().parent / "compare"
CLIENT, SERVER = {"ip": "10.0.0.1", "port": 4000}, {"ip": "2001:db8::1", "port": 80}


def connection(**more):
    return {"type": "connection", "id": 0, "transport": "tcp", "client": CLIENT, "server": SERVER,
            "first_packet": 1, "close": "fin", "sent": {"packets": 5, "bytes": 90},
            "received": {"packets": 4, "bytes": 700}, **more}


def http(**more):
    return {"type": "http", "conn": 0, "version": "1.1", "method": "GET", "host": "a.test",
            "path": "/x", "status": 200, "request_packet": 4, "response_packet": 6,
            "response_body_bytes": 500, **more}


def end(**more):
    return {"type": "capture_end", "packets": 9, "truncated_packets": 0, **more}


def stream(**more):
    return {"stream": 0, "a": "10.0.0.1:4000", "b": "[2001:db8::1]:80", "pkts": [5, 4],
            "payload": [90, 700], "syn": [1, 1], "fin": [1, 1], "rst": [0, 0],
            "follow": [{"bytes": 90, "gaps": 0}, {"bytes": 700, "gaps": 0}], **more}


def facts_of_tshark(streams, file=None, **more):
    said = {"file": {"packets": 9, **(file or {})}, "packets": 9, "truncated_packets": 0,
            "tcp": {"streams": len(streams), "list": {"rows": streams}},
            "udp": {"list": {"rows": []}},
            "http1": {"mode": "main",
                      "requests": {"truncated": False, "rows": [
                          {"frame": 4, "stream": 0, "dir": 0, "method": "GET", "uri": "/x",
                           "host": "a.test", "body": None}]},
                      "responses": {"truncated": False, "rows": [
                          {"frame": 6, "stream": 0, "dir": 1, "status": 200, "body": 500}]}},
            **more}
    return said


def found(ours, said, exit_status=0):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(said, file)
        file.flush()
        theirs = oracle.read(file.name)
    mine = records.read([json.dumps(one) for one in ours], exit_status)
    return [str(one) for one in judge.against_tshark(mine, theirs)]


class AgainstTshark(unittest.TestCase):
    def test_agreement(self):
        self.assertEqual(found([connection(), http(), end()], facts_of_tshark([stream()])), [])

    def test_file(self):
        said = facts_of_tshark([stream()], file={"read_error": "cut short"})
        self.assertEqual(found([connection(), http(), end(packets=8)], said, exit_status=0),
                         ["file\tdamaged\tFalse\tTrue", "file\tpackets\t8\t9"])
        self.assertEqual(found([connection(), http(), end()], said, exit_status=3), [])

    def test_direction_is_by_address(self):
        turned = stream(a="[2001:db8::1]:80", b="10.0.0.1:4000", pkts=[4, 5], payload=[700, 90],
                        follow=[{"bytes": 700, "gaps": 0}, {"bytes": 90, "gaps": 0}])
        said = facts_of_tshark([turned])
        said["http1"]["requests"]["rows"][0]["dir"] = 1
        said["http1"]["responses"]["rows"][0]["dir"] = 0
        self.assertEqual(found([connection(), http(), end()], said), [])

    def test_websockets(self):
        ours = {"type": "websocket", "conn": 0, "wire_bytes": {"client": 7, "server": 0},
                "frames": [{"opcode": "text", "count": {"client": 2, "server": 0}}]}
        theirs = {"stream": 0, "opcodes": {"text": [2, 0]}, "payload": [7, 0]}
        said = facts_of_tshark([stream()], websocket={"rows": [theirs]})
        self.assertEqual(found([connection(), http(), ours, end()], said), [])
        theirs["opcodes"] = {"text": [1, 0], "ping": [0, 1]}
        self.assertEqual(found([connection(), http(), ours, end()], said),
                         ["websocket 0 1 [2001:db8::1]:80\tping frames\t0\t1",
                          "websocket 0 1 10.0.0.1:4000\ttext frames\t2\t1"])

    def test_event_streams(self):
        ours = {"type": "sse", "conn": 0, "events": 3, "heartbeats": 1}
        theirs = {"stream": 0, "dir": 1, "events": 3, "comments": 0}
        said = facts_of_tshark([stream()], sse={"streams": [theirs]})
        self.assertEqual(found([connection(), http(), ours, end()], said),
                         ["sse 0 1 [2001:db8::1]:80\theartbeats\t1\t0"])

    def test_bytes_and_holes(self):
        holed = stream(payload=[90, 650],
                       follow=[{"bytes": 90, "gaps": 0}, {"bytes": 651, "gaps": 1}])
        received = {"packets": 4, "bytes": 650, "missing_bytes": 50}
        self.assertEqual(found([connection(received=received), http(), end()],
                               facts_of_tshark([holed])), [])
        self.assertEqual(found([connection(), http(), end()], facts_of_tshark([holed])),
                         ["tcp 0 b\tbytes\t700\t650", "tcp 0 b\tmissing_bytes\tFalse\tTrue",
                          "tcp 0 b\tpayload\t700\t650"])

    def test_resent(self):
        resent = stream(payload=[120, 700], analysis={"retransmission": [1, 0]})
        said = facts_of_tshark([resent])
        counted = {"packets": 5, "bytes": 90, "retransmitted_packets": 1, "retransmitted_bytes": 30}
        self.assertEqual(found([connection(sent=counted), http(), end()], said), [])
        self.assertEqual(found([connection(), http(), end()], said),
                         ["tcp 0 a\tpayload\t90\t120", "tcp 0 a\tretransmitted_packets\t0\t1"])
        copied = {"packets": 5, "bytes": 90, "capture_duplicates": 1}
        self.assertEqual(found([connection(sent=copied), http(), end()], said),
                         ["tcp 0 a\tretransmitted_packets\t0\t1"])

    def test_close(self):
        said = facts_of_tshark([stream(fin=[0, 0], rst=[0, 1])])
        self.assertEqual(found([connection(close="reset_by_server"), http(), end()], said), [])
        self.assertEqual(found([connection(close="reset_by_client"), http(), end()], said),
                         ["tcp 0\tclose\treset_by_client\treset_by_server"])
        said = facts_of_tshark([stream(fin=[1, 0])])
        self.assertEqual(found([connection(), http(), end()], said),
                         ["tcp 0\tclose\tfin\topen or timeout"])

    def test_missing_and_extra_connections(self):
        other = connection(id=1, client={"ip": "10.0.0.9", "port": 1}, first_packet=7)
        self.assertEqual(found([connection(), other, http(), end()], facts_of_tshark([stream()])),
                         ["tcp\tstreams\t2\t1",
                          "tcp +10.0.0.9:1 - [2001:db8::1]:80\tflow 1\tpresent\tabsent"])
        self.assertEqual(found([end()], facts_of_tshark([stream()], http1=None)),
                         ["tcp\tstreams\t0\t1",
                          "tcp 0\tflow\tabsent\t10.0.0.1:4000 - [2001:db8::1]:80"])

    def test_interim_records_are_replaced(self):
        interim = connection(interim=True, sent={"packets": 1, "bytes": 1})
        self.assertEqual(found([interim, connection(), http(), end()], facts_of_tshark([stream()])),
                         [])

    def test_order(self):
        second = {"ip": "10.0.0.2", "port": 5}
        ours = [connection(first_packet=2), connection(id=1, client=second), http(), end()]
        said = facts_of_tshark([stream(), stream(stream=1, a="10.0.0.2:5")])
        self.assertEqual(found(ours, said), ["tcp 1\torder\tbefore tcp 0\tafter tcp 0"])

    def test_reuse_of_a_tuple(self):
        ours = [connection(), connection(id=1, first_packet=8, sent={"packets": 2, "bytes": 0}),
                http(), end()]
        said = facts_of_tshark([stream(), stream(stream=1)])
        self.assertEqual(found(ours, said), ["tcp 1 a\tpackets\t2\t5", "tcp 1 a\tbytes\t0\t90",
                                             "tcp 1 a\tpayload\t0\t90"])

    def test_messages(self):
        said = facts_of_tshark([stream()])
        self.assertEqual(found([connection(), end()], said),
                         ["http 0 request 1\tmessage\tabsent\t('GET', '/x')",
                          "http 0 response 1\tmessage\tabsent\t200"])
        self.assertEqual(found([connection(), http(path="/y", status=404, host="b"), end()], said),
                         ["http 0 request 1\ttarget\t/y\t/x", "http 0 request 1\thost\tb\ta.test",
                          "http 0 response 1\tstatus\t404\t200"])
        later = http(path="/z", request_packet=8)
        self.assertEqual(found([connection(), http(), later, end()], said),
                         ["http 0 request +2\tmessage\t('GET', '/z')\tabsent",
                          "http 0 response +2\tmessage\t200\tabsent"])
        self.assertEqual(found([connection(), http(response_body_bytes=499), end()], said),
                         ["http 0 response 1\tbody\t499\t500"])

    def test_tls(self):
        def rows(*some):
            return {"rows": list(some), "truncated": False}

        said = facts_of_tshark([stream()], http1=None, tls={
            "client_hellos": rows({"frame": 4, "stream": 0, "dir": 0, "sni": "a.test",
                                   "legacy_version": "0x0303", "ja3": "3a",
                                   "supported_versions": ["0x1a1a", "0x0304"]}),
            "server_hellos": rows({"frame": 5, "stream": 0, "dir": 1, "legacy_version": "0x0303",
                                   "selected_version": "0x0304", "cipher": "0x1301",
                                   "ja3s": "3b"}),
            "encrypted_extensions": rows({"frame": 6, "stream": 0, "dir": 1, "alpn": "h2"}),
            "certificates": rows(),
            "alerts": rows({"frame": 7, "stream": 0, "dir": 0, "level": 2, "description": 48})})
        tls = {"type": "tls", "conn": 0, "server_name": "a.test", "client_versions": ["TLS 1.3"],
               "ja3": "3a", "version": "TLS 1.3", "cipher": "TLS_AES_128_GCM_SHA256", "ja3s": "3b",
               "established": False,
               "alerts": [{"from": "client", "level": "fatal", "description": "unknown_ca"}]}
        self.assertEqual(found([connection(), tls, end()], said), [])
        self.assertEqual(found([connection(), end()], said),
                         ["tls 0\thandshake\tabsent\tpresent"])
        other = {**tls, "cipher": "0x1399", "alpn": "http/1.1", "alerts": []}
        self.assertEqual(found([connection(), other, end()], said),
                         ["tls 0\tcipher\t5017\t4865", "tls 0\talpn\thttp/1.1\th2",
                          "tls 0\talerts\t[]\t[(('10.0.0.1', 4000), 2, 48)]"])

    def test_bodies_that_were_not_decoded(self):
        said = facts_of_tshark([stream()])
        plain = http(response_body_wire_bytes=499)
        del plain["response_body_bytes"]
        self.assertEqual(found([connection(), plain, end()], said),
                         ["http 0 response 1\tbody\t499\t500"])
        zipped = {**plain, "response_headers": [["Content-Encoding", "gzip"]]}
        self.assertEqual(found([connection(), zipped, end()], said), [])

    def test_interim_responses_and_absolute_targets(self):
        said = facts_of_tshark([stream()])
        said["http1"]["responses"]["rows"].insert(0, {"frame": 5, "stream": 0, "dir": 1,
                                                      "status": 100})
        said["http1"]["requests"]["rows"][0]["uri"] = "http://a.test/x"
        self.assertEqual([one for one in found([connection(), http(), end()], said)
                          if "body" not in one], [])

    def test_inside_tls_is_not_compared(self):
        self.assertEqual(found([connection(), end()],
                               facts_of_tshark([stream(tls_records={"handshake": [1, 1]})])), [])

    def test_http2(self):
        sums = {"type": "http2", "conn": 0, "begun": "prior_knowledge",
                "client": {"frames": {"headers": 1, "settings": 2}},
                "server": {"frames": {"headers": 1, "data": 3, "settings": 2}}}
        asked = http(version="2", stream=1)
        said = facts_of_tshark([stream()], http1=None, http2={
            "connections": [{"stream": 0, "frames": {"MAGIC": [1, 0], "HEADERS": [1, 1],
                                                     "SETTINGS": [2, 2], "DATA": [0, 3]}}],
            "requests": {"truncated": False, "rows": [
                {"stream": 0, "h2": 1, "method": "GET", "authority": "a.test", "path": "/x"}]},
            "responses": {"truncated": False, "rows": [
                {"stream": 0, "h2": 1, "status": 103}, {"stream": 0, "h2": 1, "status": 200}]},
            "pushes": {"truncated": False, "rows": []}})
        self.assertEqual(found([connection(), asked, sums, end()], said), [])
        asked["path"] = "/y"
        sums["server"]["frames"]["data"] = 2
        self.assertEqual(found([connection(), asked, sums, end()], said),
                         ["http2 0 b\tdata\t2\t3",
                          "http2 0 stream 1 request\tpath\t/y\t/x"])

    def test_datagrams(self):
        said = facts_of_tshark([stream()])
        said["udp"]["list"]["rows"] = [{"stream": 0, "a": "10.0.0.1:53", "b": "10.0.0.2:53",
                                        "pkts": [2, 0], "payload": [40, 0]}]
        half, nothing = {"packets": 1, "bytes": 20}, {"packets": 0, "bytes": 0}
        ends = {"client": {"ip": "10.0.0.1", "port": 53}, "server": {"ip": "10.0.0.2", "port": 53}}
        turned = {"client": ends["server"], "server": ends["client"]}
        ours = [connection(), http(), end(),
                {**connection(id=1, first_packet=3), "transport": "udp", **ends, "sent": half,
                 "received": nothing},
                {**connection(id=2, first_packet=5), "transport": "quic", **turned, "sent": nothing,
                 "received": half}]
        self.assertEqual(found(ours, said), [])


class Tcptrace(unittest.TestCase):
    PRINTED = ("#1 TCP connection traced:\nconn_#,host_a,host_b,port_a,port_b,"
               + ",".join(f"{name}_{way}" for name in
                          ("total_packets", "actual_data_bytes", "unique_bytes_sent",
                           "rexmt_data_pkts", "rexmt_data_bytes", "outoforder_pkts",
                           "SYN/FIN_pkts_sent")
                          for way in ("a2b", "b2a"))
               + "\n\n1,10.0.0.1,2001:0db8::1,4000,80,"
               + " 5, 4, 120, 700, 90, 700, 1, 0, 31, 2, 0, 2, 1/2, 3/1\n")

    def test_compare(self):
        """A FIN sent twice is one resent byte less, a SYN sent three times two."""
        mine = records.read([json.dumps(one) for one in (connection(), end())], 0)
        self.assertEqual([str(one) for one in tcptrace.compare(mine, tcptrace.parse(self.PRINTED))],
                         ["tcp 1 a\tretransmitted_packets\t0\t1",
                          "tcp 1 a\tretransmitted_bytes\t0\t30", "tcp 1 b\tout_of_order\t0\t2"])

    def test_addresses_that_begin_with_zeros(self):
        printed = (":0001", "::1", "2001:0db8::1", "10.0.0.1")
        self.assertEqual([tcptrace.address(one) for one in printed],
                         ["::0001", "::1", "2001:0db8::1", "10.0.0.1"])

    def test_nothing_traced(self):
        with self.assertRaises(tcptrace.Unreadable):
            tcptrace.parse("#no traced TCP packets\n")


class Explained(unittest.TestCase):
    HEADER = "\t".join(differences.COLUMNS) + "\n"

    def explanations(self, *lines):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
            file.write(self.HEADER + "".join("\t".join(line) + "\n" for line in lines))
            file.flush()
            return differences.read(file.name)

    def judged(self, *lines):
        one = [Difference("tcp 0 a", "bytes", "1", "2"),
               Difference("tcp 1 a", "bytes", "3", "4")]
        left, complaints = differences.unexplained(one, self.explanations(*lines))
        return len(left), len(complaints)

    def line(self, subject, ours="1", theirs="2", count="1"):
        return ("tshark", "x.pcap", subject, "bytes", ours, theirs, count, "ours", "7", "because")

    def test_one_by_one(self):
        self.assertEqual(self.judged(), (2, 0))
        self.assertEqual(self.judged(self.line("tcp 0 a")), (1, 0))

    def test_stale(self):
        self.assertEqual(self.judged(self.line("tcp 0 a", ours="9")), (2, 1))

    def test_several(self):
        self.assertEqual(self.judged(self.line("tcp * a", "*", "*", "2")), (0, 0))
        self.assertEqual(self.judged(self.line("tcp * a", "*", "*", "3")), (0, 1))

    def test_malformed(self):
        for bad in (self.line("tcp 0 a")[:-1], (*self.line("tcp 0 a")[:-1], ""),
                    (*self.line("tcp 0 a")[:7], "nobody", "7", "because")):
            with self.assertRaises(ValueError):
                self.explanations(bad)


class Program(unittest.TestCase):
    def run_compare(self, *arguments):
        done = subprocess.run([COMPARE, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def corpus(self, folder, script):
        (folder / "oracle" / "tcp").mkdir(parents=True)
        (folder / "tcp").mkdir()
        (folder / "tcp" / "x.pcap").touch()
        (folder / "oracle" / "tcp" / "x.pcap.json").write_text(
            json.dumps(facts_of_tshark([stream()])))
        program = folder / "program"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        explained = folder / "differences.tsv"
        explained.write_text(Explained.HEADER)
        return self.run_compare("--corpus", folder, "--differences", explained, "-v", program)

    def printing(self, *ours):
        return "cat <<'END'\n" + "\n".join(map(json.dumps, ours)) + "\nEND\n"

    def test_verdicts(self):
        for script, status, first in (
                (self.printing(connection(), http(), end()), 0, "tcp/x.pcap: ok"),
                (self.printing(connection(), http(), end(packets=1)), 1,
                 "tcp/x.pcap: 1 differences"),
                ("echo broken >&2; exit 2\n", 1, "tcp/x.pcap: RuntimeError: exit status 2: broken"),
                ("echo '{'\n", 1, "tcp/x.pcap: JSONDecodeError")):
            with tempfile.TemporaryDirectory() as folder:
                code, printed = self.corpus(pathlib.Path(folder), script)
            self.assertTrue(printed.startswith(first), printed)
            self.assertEqual(code, status)
            closing = "1 passed, 0 failed" if status == 0 else "0 passed, 1 failed"
            self.assertIn(closing, printed.splitlines()[-1])

    def test_no_corpus(self):
        code, printed = self.run_compare("--corpus", "/nonexistent")
        self.assertEqual(code, 77)
        self.assertTrue(printed.startswith("skipped: "))


if __name__ == "__main__":
    unittest.main()
