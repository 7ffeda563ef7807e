// sockets.js - node's ws, as a server and as a client. Both write down what they send, one line of
// JSON a message: that is what a capture of them must show.
//
//   node sockets.js server PORT LOG OPTIONS      answers each text with one of its own, echoes binary
//   node sockets.js client URL LOG COUNT OPTIONS
//   node sockets.js deaf URL SECONDS             listens, and answers no ping
//
// OPTIONS is JSON: what ws takes for perMessageDeflate, or false.
'use strict';
const fs = require('fs');
const {serve: listen} = require('./listener');
const {WebSocket, WebSocketServer} = require('ws');

const [, , role, where, log, ...rest] = process.argv;
const words = ['tram', 'bakery', 'snow', 'café', 'lantern', 'über', 'harbour', '日本', 'violin', '😀'];

/// The same text for the same number, with all kinds of characters.
const text = (seed, length) =>
  Array.from({length}, (_, i) => words[(seed * 7919 + i * 31 + i * i) % words.length]).join(' ');

function wrote(from, opcode, data) {
  const bytes = Buffer.from(data);
  const line = {from, opcode, bytes: bytes.length};
  if (opcode === 'text') line.begins = Array.from(bytes.toString()).slice(0, 40).join('');
  fs.appendFileSync(log, JSON.stringify(line) + '\n');
}

function serve() {
  const perMessageDeflate = JSON.parse(rest[0]);
  const server = new WebSocketServer({
    server: listen(where), perMessageDeflate, handleProtocols: (offered) => [...offered][0] ?? false,
  });
  server.on('connection', (socket) => {
    let count = 0;
    const heartbeat = setInterval(() => {
      wrote('server', 'ping', `beat ${count}`);
      socket.ping(`beat ${count}`);
    }, 200);
    socket.on('close', () => clearInterval(heartbeat));
    socket.on('message', (data, binary) => {
      count++;
      if (binary) {
        wrote('server', 'binary', data);
        socket.send(data, {binary: true});
        return;
      }
      const answer = JSON.stringify({type: 'message', number: count, text: text(count, count % 37)});
      wrote('server', 'text', answer);
      socket.send(answer);
    });
  });
}

function chat() {
  const [count, options] = [Number(rest[0]), JSON.parse(rest[1])];
  const socket = new WebSocket(where, ['chat.v2', 'chat.v1'], {perMessageDeflate: options});
  let sent = 0;
  const next = () => {
    if (sent === count) {
      socket.close(1000, 'enough for today');
      return;
    }
    const number = sent++;
    if (number % 9 === 4) {
      const blob = Buffer.alloc(50 + number * 211, number);
      wrote('client', 'binary', blob);
      socket.send(blob);
    } else if (number % 9 === 7) {
      const parts = ['in three ', 'fragments: ', text(number, 20)];
      wrote('client', 'text', parts.join(''));
      parts.forEach((part, i) => socket.send(part, {fin: i === 2}));
    } else {
      const message = JSON.stringify({type: 'say', number, text: text(number, 3 + (number % 11) * 5)});
      wrote('client', 'text', message);
      socket.send(message);
    }
  };
  socket.on('open', next);
  socket.on('message', () => setTimeout(next, 15));
}

function listen() {
  const socket = new WebSocket(where, {perMessageDeflate: false, autoPong: false});
  setTimeout(() => socket.close(1000), Number(log) * 1000);
}

({server: serve, client: chat, deaf: listen})[role]();
