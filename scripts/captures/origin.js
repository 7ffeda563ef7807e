// origin.js - an HTTP/1.1 server on port 8080 with an answer of every kind; also a CONNECT proxy.
'use strict';
const crypto = require('crypto');
const http = require('http');
const net = require('net');
const zlib = require('zlib');

const text = (words) => Array.from({length: words}, (_, i) => `word${(i * 7919) % 97}`).join(' ');

const later = (milliseconds, then) => setTimeout(then, milliseconds);

function encoded(response, encoding, encode) {
  response.writeHead(200, {'Content-Type': 'text/plain', 'Content-Encoding': encoding});
  response.end(encode(Buffer.from(text(3000))));
}

const answers = {
  '/chunked': (request, response) => {
    response.writeHead(200, {'Content-Type': 'text/plain', 'Trailer': 'X-Digest, X-Lines'});
    for (let line = 0; line < 5; line++) response.write(`line ${line} ${text(line * 20)}\n`);
    response.addTrailers({'X-Digest': 'sha-256=:abc123:', 'X-Lines': '5'});
    response.end();
  },
  '/gzip': (request, response) => encoded(response, 'gzip', zlib.gzipSync),
  '/deflate': (request, response) => encoded(response, 'deflate', zlib.deflateSync),
  '/raw-deflate': (request, response) => encoded(response, 'deflate', zlib.deflateRawSync),
  '/br': (request, response) => encoded(response, 'br', zlib.brotliCompressSync),
  '/gzip-chunked': (request, response) => {
    response.writeHead(200, {'Content-Type': 'application/json', 'Content-Encoding': 'gzip'});
    const gzip = zlib.createGzip();
    gzip.pipe(response);
    for (let i = 0; i < 40; i++) gzip.write(JSON.stringify({item: i, name: text(10)}) + '\n');
    gzip.end();
  },
  '/no-content': (request, response) => response.writeHead(204).end(),
  '/not-modified': (request, response) => response.writeHead(304, {ETag: '"v1"'}).end(),
  '/hints': (request, response) => {
    response.writeEarlyHints({link: '</style.css>; rel=preload; as=style'});
    later(30, () => response.end('after the hints\n'));
  },
  '/slow': (request, response) => later(1200, () => response.end('at last\n')),
  '/dribble': (request, response) => {
    let left = 8;
    response.writeHead(200, {'Content-Type': 'text/plain'});
    const next = () => {
      response.write(`part ${left}\n`);
      if (--left > 0) later(120, next); else response.end();
    };
    next();
  },
  '/form': (request, response) => {
    let bytes = 0;
    request.on('data', (data) => { bytes += data.length; });
    request.on('end', () => {
      response.writeHead(201, {'Content-Type': 'application/json', 'Location': '/form/1'});
      response.end(JSON.stringify({received: bytes}));
    });
  },
  '/moved': (request, response) => response.writeHead(302, {Location: '/here'}).end(),
  '/error': (request, response) => {
    response.writeHead(500, {'Content-Type': 'application/json'});
    response.end('{"error":"database is locked"}');
  },
  '/unavailable': (request, response) => {
    response.writeHead(503, {'Retry-After': '5'});
    response.end();
  },
  '/close': (request, response) => {
    response.writeHead(200, {'Connection': 'close', 'Content-Length': '6'});
    response.end('closed');
  },
  '/break': (request, response) => {
    response.writeHead(200, {'Content-Length': '5000'});
    response.write(text(100));
    later(50, () => response.socket.end());
  },
  '/abort': (request, response) => {
    response.writeHead(200, {'Content-Length': '5000'});
    response.write(text(100));
    later(50, () => response.socket.resetAndDestroy());
  },
  '/unfinished': (request, response) => {
    response.writeHead(200, {'Content-Type': 'text/event-stream'});
    response.write('data: first\n\n');
    const timer = setInterval(() => response.write('data: more\n\n'), 150);
    response.on('close', () => clearInterval(timer));
  },
};

const server = http.createServer((request, response) => {
  const path = request.url.split('?')[0];
  const answer = answers[path];
  if (answer) return answer(request, response);
  const body = `you asked for ${path}\n`;
  const head = {'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body)};
  response.writeHead(path.startsWith('/here') || path === '/' ? 200 : 404, head);
  response.end(body);
});

// RFC 6455's handshake; afterwards an echo of each frame of less than 126 bytes.
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] || '';
  const accept = crypto.createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
               `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.on('data', (frame) => {
    const length = frame[1] & 127;
    const mask = frame.subarray(2, 6);
    const data = frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]);
    socket.write(Buffer.concat([Buffer.from([frame[0], length]), data]));
    if ((frame[0] & 15) === 8) socket.end();
  });
  socket.on('error', () => socket.destroy());
});

server.on('connect', (request, socket, head) => {
  const [host, port] = request.url.split(':');
  if (host === 'forbidden.test') {
    return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  }
  const onward = net.connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    onward.write(head);
    onward.pipe(socket);
    socket.pipe(onward);
  });
  onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
  socket.on('error', () => onward.destroy());
});

server.keepAliveTimeout = 60000;
server.listen(8080, '::');
