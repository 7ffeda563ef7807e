// tests/report/hostile_capture.mjs - a capture whose every text wants to be more than text.

const kEvil = `<script>alert(1)</script><img src=x onerror=alert(2)><b class=evil>"'&amp;</b>`;
const kRequest = `GET /${kEvil.replaceAll(" ", "/")}?a=\x01\x7f HTTP/1.1\r\nHost: ${kEvil.replaceAll(" ", "")}\r\nX-Evil: </script><script>window.evil=1</script>\r\nReferer: javascript:alert(3)\r\n\r\n`;
const kResponse = `HTTP/1.1 500 ${kEvil}\r\nContent-Type: ${kEvil}\r\nSet-Cookie: \x1b[31m\xff</style>\r\nContent-Length: 0\r\n\r\n`;

function sum(bytes) {
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) total += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

function packet({ server, flags, seq, ack, payload = "" }) {
  const body = Buffer.from(payload, "latin1");
  const client = [10, 0, 0, 1], host = [10, 0, 0, 2];
  const [from, to] = server ? [host, client] : [client, host];
  const tcp = Buffer.alloc(20 + body.length);
  tcp.writeUInt16BE(server ? 80 : 40000, 0);
  tcp.writeUInt16BE(server ? 40000 : 80, 2);
  tcp.writeUInt32BE(seq, 4);
  tcp.writeUInt32BE(ack, 8);
  tcp.writeUInt16BE((5 << 12) | flags, 12);
  tcp.writeUInt16BE(65535, 14);
  body.copy(tcp, 20);
  const pseudo = Buffer.from([...from, ...to, 0, 6, tcp.length >> 8, tcp.length & 255]);
  tcp.writeUInt16BE(sum(Buffer.concat([pseudo, tcp])), 16);
  const ip = Buffer.from([0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, ...from, ...to]);
  ip.writeUInt16BE(20 + tcp.length, 2);
  ip.writeUInt16BE(sum(ip), 10);
  return Buffer.concat([ip, tcp]);
}

/// One exchange over raw IP, as the bytes of a pcap file.
export function checksummed() {
  const [syn, ack, push, fin] = [2, 16, 24, 17];
  const q = 1 + Buffer.byteLength(kRequest, "latin1"), a = 101 + Buffer.byteLength(kResponse, "latin1");
  const packets = [
    { flags: syn, seq: 0, ack: 0 },
    { server: true, flags: syn | ack, seq: 100, ack: 1 },
    { flags: ack, seq: 1, ack: 101 },
    { flags: push, seq: 1, ack: 101, payload: kRequest },
    { server: true, flags: push, seq: 101, ack: q, payload: kResponse },
    { server: true, flags: push, seq: 101, ack: q, payload: kResponse },
    { flags: fin, seq: q, ack: a },
    { server: true, flags: fin, seq: a, ack: q + 1 },
    { flags: ack, seq: q + 1, ack: a + 1 },
  ].map(packet);
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(101, 20);
  const records = packets.map((bytes, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1795208444, 0);
    record.writeUInt32LE(i * 20000, 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, ...records]);
}
