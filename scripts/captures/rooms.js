// rooms.js - socket.io, as a server and as a client, in its protocols 5 (Engine.IO 4) and 4
// (Engine.IO 3). Both write down what they send, one line of JSON a packet.
//
//   node rooms.js server 5|4 PORT LOG
//   node rooms.js client 5|4 URL LOG TRANSPORTS COUNT [PAUSE]   TRANSPORTS: polling,websocket;
//                                                               PAUSE: milliseconds, 60
'use strict';
const fs = require('fs');
const {serve: listen} = require('./listener');

const [, , role, protocol, where, log, transports, count, pause] = process.argv;
const old = protocol === '4';

function wrote(from, name_space, event, more = {}) {
  fs.appendFileSync(log, JSON.stringify({from, namespace: name_space, event, ...more}) + '\n');
}

function serve() {
  const settings = {pingInterval: 300, pingTimeout: 2000, cors: {origin: '*'}};
  const {Server} = require('socket.io');
  const server = listen(where);
  const io = old ? require('socket.io-2')(server, settings) : new Server(server, settings);
  io.on('connection', (socket) => {
    socket.on('say', (text, answer) => {
      wrote('server', '/', 'said');
      socket.emit('said', {text, at: text.length});
      if (!answer) return;
      wrote('server', '/', undefined, {kind: 'ack'});
      answer('heard', text.length);
    });
    socket.on('file', (name, data) => {
      wrote('server', '/', 'stored', {attachments: 2});
      socket.emit('stored', name, data, Buffer.from([1, 2, 3]));
    });
  });
  io.of('/news').on('connection', (socket) => {
    wrote('server', '/news', 'headline');
    socket.emit('headline', 'Größte "Straßenbahn" der Welt 😀\n');
  });
}

function visit() {
  const connect = old ? require('socket.io-client-2') : require('socket.io-client').io;
  const options = {transports: transports.split(','), forceNew: false, reconnection: false,
                   rejectUnauthorized: false};
  if (!old) options.auth = {token: 'do-not-show-this'};
  const socket = connect(where, options);
  const news = connect(`${where}/news`, options);
  const wait = Number(pause ?? 60);
  let number = 0;
  const next = () => {
    if (number === Number(count)) {
      socket.disconnect();
      news.disconnect();
      return;
    }
    number++;
    if (number % 4 === 3) {
      wrote('client', '/', 'file', {attachments: 1});
      socket.emit('file', `file ${number}`, Buffer.alloc(number * 100, number));
    } else if (number % 4 === 0) {
      wrote('client', '/', 'say', {kind: 'event', ack: true});
      socket.emit('say', `number ${number}`, () => setTimeout(next, wait));
    } else {
      wrote('client', '/', 'say');
      socket.emit('say', `number ${number}`);
    }
  };
  socket.on('said', () => {
    if (number % 4 !== 0) setTimeout(next, wait);
  });
  socket.on('stored', () => setTimeout(next, wait));
  news.on('headline', next);
}

if (role === 'server') serve(); else visit();
