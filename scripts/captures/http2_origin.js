// http2_origin.js [KEY CERTIFICATE] - an HTTP/2 server on port 8080 with an answer of every kind;
// with a key over TLS on port 8443. What it was asked and what it answered goes to standard output,
// one JSON object a stream.
'use strict';
const fs = require('fs');
const http2 = require('http2');
const zlib = require('zlib');

const text = (words) => Array.from({length: words}, (_, i) => `word${(i * 7919) % 97}`).join(' ');
const later = (milliseconds, then) => setTimeout(then, milliseconds);
const message = (bytes, compressed = 0) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed, 0);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, Buffer.from(bytes)]);
};

function grpc(stream, messages, status, words) {
  stream.respond({':status': 200, 'content-type': 'application/grpc+proto'},
                 {waitForTrailers: true});
  stream.on('wantTrailers', () => stream.sendTrailers({'grpc-status': status, ...words}));
  const next = () => {
    const bytes = messages.shift();
    if (bytes === undefined) return stream.end();
    stream.write(message(bytes));
    later(5, next);
  };
  next();
}

const answers = {
  '/hello': (stream) => {
    stream.respond({':status': 200, 'content-type': 'text/plain', 'set-cookie': 'id=7; HttpOnly'});
    stream.end('hello\n');
  },
  '/gzip': (stream) => {
    stream.respond({':status': 200, 'content-type': 'text/plain', 'content-encoding': 'gzip'});
    stream.end(zlib.gzipSync(text(3000)));
  },
  '/br': (stream) => {
    stream.respond({':status': 200, 'content-type': 'text/plain', 'content-encoding': 'br'});
    stream.end(zlib.brotliCompressSync(text(3000)));
  },
  '/hints': (stream) => {
    stream.additionalHeaders({':status': 103, 'link': '</style.css>; rel=preload; as=style'});
    later(20, () => {
      stream.respond({':status': 200});
      stream.end('after the hints\n');
    });
  },
  '/slow': (stream) => later(400, () => {
    if (stream.destroyed) return;
    stream.respond({':status': 200});
    stream.end('at last\n');
  }),
  '/form': (stream) => {
    let bytes = 0;
    stream.on('data', (data) => { bytes += data.length; });
    stream.on('end', () => {
      stream.respond({':status': 201, 'content-type': 'application/json'});
      stream.end(JSON.stringify({received: bytes}));
    });
  },
  '/nothing': (stream) => stream.respond({':status': 204}, {endStream: true}),
  '/missing': (stream) => {
    stream.respond({':status': 404, 'content-type': 'text/plain'});
    stream.end('not here\n');
  },
  '/refused': (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
  '/broken': (stream) => {
    stream.respond({':status': 200});
    stream.write(text(500));
    later(10, () => stream.destroy(new Error('broken')));
  },
  '/endless': (stream) => {
    stream.respond({':status': 200});
    const timer = setInterval(() => stream.write(text(100)), 10);
    stream.on('close', () => clearInterval(timer));
  },
  '/events': (stream) => {
    stream.respond({':status': 200, 'content-type': 'text/event-stream'});
    let id = 0;
    const next = () => {
      if (++id > 5) return stream.end();
      stream.write(`id: ${id}\ndata: event ${id}\n\n`);
      later(30, next);
    };
    next();
  },
  '/goaway': (stream) => {
    stream.respond({':status': 200});
    stream.end('the last one\n');
    stream.session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, stream.id,
                          Buffer.from('come back later'));
  },
  '/shop.Cart/Add': (stream) => {
    stream.resume();
    stream.on('end', () => grpc(stream, ['added'], '0', {}));
  },
  '/shop.Cart/Watch': (stream) => {
    stream.resume();
    stream.on('end', () => grpc(stream, ['one', '', 'three', text(4000)], '0', {}));
  },
  '/shop.Cart/Get': (stream) => {
    stream.resume();
    stream.on('end', () => grpc(stream, [], '5', {'grpc-message': 'no such cart'}));
  },
  '/shop.Cart/Old': (stream) => stream.respond(
    {':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12'}, {endStream: true}),
};

// A WebSocket that sends each masked text frame back, and answers a close.
function echo(stream) {
  stream.respond({':status': 200});
  stream.on('data', (frame) => {
    const length = frame[1] & 127;
    const mask = frame.subarray(2, 6);
    const payload = Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]));
    stream.write(Buffer.concat([Buffer.from([frame[0], length]), payload]));
    if ((frame[0] & 15) === 8) stream.end();
  });
}

function answer(stream, headers) {
  stream.on('error', () => {});
  const path = headers[':path'].split('?')[0];
  const told = {method: headers[':method'], path: headers[':path'], stream: stream.id};
  let sent = 0;
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...more) => {
    sent += Buffer.byteLength(chunk);
    return write(chunk, ...more);
  };
  const end = stream.end.bind(stream);
  stream.end = (chunk, ...more) => {
    if (chunk !== undefined) sent += Buffer.byteLength(chunk);
    return end(chunk, ...more);
  };
  stream.on('close', () => {
    told.status = stream.sentHeaders ? stream.sentHeaders[':status'] : undefined;
    told.sent = sent;
    told.error = stream.rstCode;
    console.log(JSON.stringify(told));
  });
  if (headers[':protocol'] === 'websocket') return echo(stream);
  (answers[path] || answers['/missing'])(stream, headers);
}

const settings = {enableConnectProtocol: true};
const [key, certificate] = process.argv.slice(2);
if (key) {
  http2.createSecureServer({key: fs.readFileSync(key), cert: fs.readFileSync(certificate), settings})
    .on('stream', answer).listen(8443, '0.0.0.0');
} else {
  http2.createServer({settings}).on('stream', answer).listen(8080, '0.0.0.0');
}
