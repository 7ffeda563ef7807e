// events.js - a server of server-sent events on port 8081, which writes down what it sends.
//
//   node events.js LOG
//   GET /plain?count=N     N events, then the end; with ids, goes on from Last-Event-ID
//   GET /gzip?count=N      the same in gzip, flushed after each event
//   GET /tokens            what a language model says, word by word, without ids
//   GET /ticker?count=N&every=MS   N events, one every MS milliseconds, written whole
//   GET /endless           an event and silence with heartbeats, until the client goes
'use strict';
const fs = require('fs');
const zlib = require('zlib');
const {serve} = require('./listener');

const log = process.argv[2];
const later = (milliseconds, then) => setTimeout(then, milliseconds);

/// One event as it goes over the wire; written down as the client will understand it.
function event({type, id, retry, data}) {
  const line = {event: type ?? 'message', data_bytes: Buffer.byteLength(data)};
  if (id !== undefined) line.id = String(id);
  if (retry !== undefined) line.retry = retry;
  fs.appendFileSync(log, JSON.stringify(line) + '\n');
  return (type ? `event: ${type}\n` : '') + (id !== undefined ? `id: ${id}\n` : '') +
         (retry !== undefined ? `retry: ${retry}\n` : '') +
         data.split('\n').map((part) => `data: ${part}\n`).join('') + '\n';
}

function numbered(request, send, end) {
  const url = new URL(request.url, 'http://here');
  const last = Number(url.searchParams.get('count'));
  let number = Number(request.headers['last-event-id'] ?? 0);
  const next = () => {
    if (number === last) return end();
    number++;
    if (number % 5 === 0) send(': still here\n\n');
    send(event({
      id: number, type: number % 4 === 0 ? 'price' : undefined,
      retry: number === 1 ? 1500 : undefined,
      data: `{"number": ${number}, "padding": "${'é'.repeat(number * 3)}"}\nand a second line`,
    }));
    later(20, next);
  };
  next();
}

serve(8081, (request, response) => {
  const {pathname} = new URL(request.url, 'http://here');
  const headers = {'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store'};
  if (pathname === '/gzip') {
    response.writeHead(200, {...headers, 'Content-Encoding': 'gzip'});
    const gzip = zlib.createGzip();
    gzip.pipe(response);
    numbered(request, (text) => { gzip.write(text); gzip.flush(); }, () => gzip.end());
  } else if (pathname === '/tokens') {
    response.writeHead(200, headers);
    const words = 'Passive analysis never sends a packet , and that is the point .'.split(' ');
    const next = () => {
      const word = words.shift();
      response.write(event({data: word ? JSON.stringify({delta: word}) : '[DONE]'}));
      if (word) later(25, next); else response.end();
    };
    later(200, next);
  } else if (pathname === '/ticker') {
    response.writeHead(200, headers);
    const query = new URL(request.url, 'http://here').searchParams;
    let number = 0;
    const tick = setInterval(() => {
      number++;
      const what = 'tulips '.repeat(23);
      response.write(event({id: number, data: `{"price": ${number}, "what": "${what}"}`}));
      if (number < Number(query.get('count'))) return;
      clearInterval(tick);
      response.end();
    }, Number(query.get('every')));
  } else if (pathname === '/endless') {
    response.writeHead(200, headers);
    response.write('\ufeff' + event({data: 'hello'}).replace(/\n/g, '\r\n'));
    const beat = setInterval(() => response.write(':\r\r'), 100);
    request.on('close', () => clearInterval(beat));
  } else {
    response.writeHead(200, headers);
    numbered(request, (text) => response.write(text), () => response.end());
  }
});
