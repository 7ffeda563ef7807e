// http2_client.js ADDRESS SCRIPT [PATH...] - what nghttp and curl do not do: one request after the
// other on one connection, gRPC calls, resets, pings, a WebSocket by extended CONNECT (RFC 8441).
'use strict';
const http2 = require('http2');

const [address, script, ...paths] = process.argv.slice(2);
const session = http2.connect(address, {rejectUnauthorized: false});
session.on('error', () => {});

const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const once = (event) => new Promise((resolve) => session.once(event, resolve));
const prefix = (bytes) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, Buffer.from(bytes)]);
};

/// Resolves when the stream is closed, whatever became of it.
const over = (stream) => new Promise((resolve) => {
  stream.on('error', () => {});
  stream.on('close', resolve);
  stream.resume();
});

function call(method, messages) {
  const stream = session.request({':method': 'POST', ':path': `/shop.Cart/${method}`,
                                  'content-type': 'application/grpc+proto', te: 'trailers'});
  for (const one of messages) stream.write(prefix(one));
  stream.end();
  return over(stream);
}

function frame(opcode, content) {
  const payload = Buffer.from(content);
  const mask = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask,
                        Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]))]);
}

const scripts = {
  async each() {
    const headers = {'accept-encoding': 'gzip, br', authorization: 'Basic dXNlcjpzZWNyZXQ=',
                     cookie: 'id=1; theme=dark'};
    for (const path of paths) await over(session.request({':path': path, ...headers}));
  },
  async grpc() {
    await call('Add', ['one item']);
    await Promise.all([call('Add', ['two', 'items', '']), call('Watch', ['all']),
                       call('Get', ['cart 9'])]);
    await call('Old', ['x']);
  },
  async resets() {
    await over(session.request({':path': '/hello'}));
    await over(session.request({':path': '/refused'}));
    await over(session.request({':path': '/broken'}));
    const endless = session.request({':path': '/endless'});
    const closed = over(endless);
    setTimeout(() => endless.close(http2.constants.NGHTTP2_CANCEL), 60);
    await closed;
    await new Promise((resolve) => session.ping(resolve));
    await over(session.request({':path': '/goaway'}));
  },
  /// Requests that are reset as soon as they are sent: paths are PATH and COUNT.
  async take_back() {
    await once('remoteSettings');
    const [path, count] = paths;
    for (let number = 0; number < Number(count); number++) {
      const stream = session.request({':path': path});
      const closed = over(stream);
      stream.close(http2.constants.NGHTTP2_CANCEL);
      if (number % 25 === 24) await closed;
    }
    await new Promise((resolve) => session.ping(resolve));
  },
  /// Twenty of the first path come, forty of the second are cancelled.
  async leave() {
    await Promise.all(Array.from({length: 20}, () => over(session.request({':path': paths[0]}))));
    const pictures = Array.from({length: 40}, () => session.request({':path': paths[1]}));
    const gone = pictures.map(over);
    await later(50);
    for (const one of pictures) one.close(http2.constants.NGHTTP2_CANCEL);
    await Promise.all(gone);
  },
  async pause() {
    const stream = session.request({':path': paths[0]});
    stream.on('error', () => {});
    await later(2500);
    stream.resume();
    await later(200);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await new Promise((resolve) => stream.on('close', resolve));
  },
  async alive() {
    await over(session.request({':path': paths[0]}));
    for (let number = 0; number < 30; number++) {
      await new Promise((resolve) => session.ping(resolve));
      if (number % 3 === 0) session.settings({initialWindowSize: 70000 + number * 1000});
      await later(100);
    }
  },
  /// COUNT requests at once.
  async burst() {
    const [path, count] = paths;
    await Promise.all(Array.from({length: Number(count)},
                                 () => over(session.request({':path': path}))));
  },
  async websocket() {
    await once('remoteSettings');
    const stream = session.request({':method': 'CONNECT', ':protocol': 'websocket',
                                    ':scheme': 'http', ':path': '/chat',
                                    'sec-websocket-version': '13', origin: 'http://shop.test'},
                                   {endStream: false});
    const closed = over(stream);
    await new Promise((resolve) => stream.on('response', resolve));
    for (const words of ['hello', 'over', 'HTTP/2']) {
      stream.write(frame(1, words));
      await new Promise((resolve) => stream.once('data', resolve));
    }
    stream.write(frame(8, [0x03, 0xe8]));  // 1000: done
    stream.end();
    await closed;
  },
};

scripts[script]().then(() => session.close());
