// tests/report/made_captures.mjs - captures for the browser test: one whose every text wants to be more
// than text, one of a page and what refers to it.

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

/// Packets over raw IP, 20 ms apart, as the bytes of a pcap file.
function savefile(packets) {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(101, 20);
  const records = packets.map(packet).map((bytes, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1795208444, 0);
    record.writeUInt32LE(i * 20000, 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, ...records]);
}

const [kSyn, kAck, kPush, kFin] = [2, 16, 24, 17];

/// Exchanges one after the other on one connection; `again` sends each answer so many times.
function connection(exchanges, again = 1) {
  let q = 1, a = 101;
  const packets = [{ flags: kSyn, seq: 0, ack: 0 }, { server: true, flags: kSyn | kAck, seq: 100, ack: 1 }, { flags: kAck, seq: 1, ack: 101 }];
  for (const [request, response] of exchanges) {
    packets.push({ flags: kPush, seq: q, ack: a, payload: request });
    q += Buffer.byteLength(request, "latin1");
    for (let i = 0; i < again; ++i) packets.push({ server: true, flags: kPush, seq: a, ack: q, payload: response });
    a += Buffer.byteLength(response, "latin1");
  }
  return [...packets, { flags: kFin, seq: q, ack: a }, { server: true, flags: kFin, seq: a, ack: q + 1 }, { flags: kAck, seq: q + 1, ack: a + 1 }];
}

/// One exchange that is all markup, its answer sent twice.
export const checksummed = () => savefile(connection([[kRequest, kResponse]], 2));

/// A page, a picture and a script that it refers to, and something of no page.
export function page() {
  const request = (path, more = "") => `GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${more}\r\n`;
  const response = (type) => `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 0\r\n\r\n`;
  const referer = "Referer: http://shop.test/cart\r\n";
  return savefile(connection([
    [request("/cart"), response("text/html")],
    [request("/logo.png", referer), response("image/png")],
    [request("/cart.js", referer), response("text/javascript")],
    [request("/health"), response("text/plain")],
  ]));
}
