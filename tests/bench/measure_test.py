#!/usr/bin/python3
"""tests/bench/measure_test.py - a measurement notices every kind of work that was left out."""
import copy
import json
import unittest

import measure

TRUTH = {
    "workload": "mix", "packets": 9, "wire_bytes": 900, "captured_bytes": 900,
    "tcp_flows": 1, "udp_flows": 1, "midstream": 0,
    "tcp_payload": {"client": 100, "server": 200}, "udp_payload": {"client": 30, "server": 40},
    "http_requests": 2, "http_exchanges": 1,
    # sha256("0 GET a.test / 200") and sha256("1 HEAD a.test /x -"), first eight bytes, added
    "http_digest": "d8ad8bde3f0b2a68",
}
RECORDS = [
    {"type": "connection", "transport": "udp", "sent": {"bytes": 30}, "received": {"bytes": 40}},
    {"type": "http", "conn": 0, "method": "GET", "host": "a.test", "path": "/", "status": 200,
     "request_packet": 4},
    {"type": "connection", "transport": "tcp", "sent": {"bytes": 50}, "interim": True},
    {"type": "http", "conn": 0, "method": "HEAD", "host": "a.test", "path": "/x",
     "request_packet": 6},
    {"type": "connection", "transport": "tcp", "sent": {"bytes": 100}, "received": {"bytes": 200}},
    {"type": "capture_end", "packets": 9, "bytes": 900},
]


def complaints(records, truth=None):
    lines = [json.dumps(record, separators=(",", ":")) for record in records]
    return measure.complaints(measure.Records(lines), truth or TRUTH)


class Complaints(unittest.TestCase):
    def changed(self, at, **fields):
        records = copy.deepcopy(RECORDS)
        records[at].update(fields)
        return records

    def test_none_when_all_was_done(self):
        self.assertEqual(complaints(RECORDS), [])

    def test_each_record_that_is_missing(self):
        for at, record in enumerate(RECORDS):
            left = RECORDS[:at] + RECORDS[at + 1:]
            self.assertEqual(bool(complaints(left)), "interim" not in record, record)

    def test_each_value_that_differs(self):
        for at, fields in ((0, {"sent": {"bytes": 29}}), (1, {"path": "/y"}), (1, {"status": 404}),
                           (1, {"request_packet": 7}), (4, {"received": {"bytes": 201}}),
                           (5, {"packets": 8}), (5, {"bytes": 899})):
            self.assertNotEqual(complaints(self.changed(at, **fields)), [], fields)

    def test_direction_is_open_where_the_handshake_was_not_seen(self):
        turned = self.changed(4, sent={"bytes": 200}, received={"bytes": 100})
        self.assertNotEqual(complaints(turned), [])
        self.assertEqual(complaints(turned, {**TRUTH, "midstream": 1}), [])


if __name__ == "__main__":
    unittest.main()
