// site.js LOG KEY CERTIFICATE - a site as browsers meet them, on port 443: a page over HTTP/2 with
// what it needs, an answer that comes token by token as server-sent events, a chat over WebSocket,
// and rooms over Socket.IO. It writes down every message that it sends and receives.
'use strict';
const fs = require('fs');
const http2 = require('http2');
const path = require('path');
const zlib = require('zlib');
const {Server} = require('socket.io');
const {WebSocketServer} = require('ws');

const [log, key, certificate] = process.argv.slice(2);
const wrote = (what, line) => fs.appendFileSync(log, JSON.stringify({what, ...line}) + '\n');
const file = (name, folder = __dirname) => fs.readFileSync(path.join(folder, name));
const library = path.dirname(require.resolve('socket.io-client/package.json'));

const catalogue = Array.from({length: 60}, (_, i) => (
  {id: i + 1, name: `Lantern no. ${i + 1}`, price: 990 + (i * 7919) % 4000, stock: i % 7}));
const page = `<!doctype html><title>Lanterns</title><link rel=stylesheet href=/style.css>
<h1>Lanterns</h1><script src=/socket.io.js></script><script src=/visit.js></script>\n`;
const files = {
  '/': ['text/html; charset=utf-8', Buffer.from(page)],
  '/style.css': ['text/css', Buffer.from('h1 { color: #a40; margin: 1em }\n'.repeat(40))],
  '/visit.js': ['text/javascript', file('visit.js')],
  '/socket.io.js': ['text/javascript', file('dist/socket.io.min.js', library)],
  '/catalogue.json': ['application/json', Buffer.from(JSON.stringify(catalogue))],
};

function tell(response) {
  response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-store'});
  const words = 'Loss on the path is what both ends see ; loss in the capture is what only we see .';
  const tokens = words.split(' ');
  let id = 0;
  const next = () => {
    const token = tokens[id++];
    const [event, data] = token ? ['message', JSON.stringify({delta: token})] : ['done', '[DONE]'];
    wrote('sse', {event, id: String(id), data_bytes: Buffer.byteLength(data)});
    response.write(`${token ? '' : 'event: done\n'}id: ${id}\ndata: ${data}\n\n`);
    if (token) setTimeout(next, 70); else response.end();
  };
  setTimeout(next, 250);
}

function answer(request, response) {
  const name = request.url.split('?')[0];
  if (name === '/answer') return tell(response);
  if (name === '/done') {
    request.resume();
    request.on('end', () => {
      response.writeHead(204);
      response.end();
      wrote('done', {});
    });
    return undefined;
  }
  const [type, content] = files[name] ?? [];
  response.writeHead(type ? 200 : 404, type ? {
    'content-type': type, 'content-encoding': 'br', 'set-cookie': 'visitor=7f3c0f5e51c4; Secure',
  } : {});
  response.end(type ? zlib.brotliCompressSync(content) : undefined);
  return undefined;
}

function chat(socket) {
  let count = 0;
  const say = (text) => {
    wrote('websocket', {from: 'server', opcode: 'text', bytes: Buffer.byteLength(text)});
    socket.send(text);
  };
  socket.on('message', (data) => {
    wrote('websocket', {from: 'client', opcode: 'text', bytes: data.length});
    say(JSON.stringify({from: 'Ada', number: ++count, text: `You said: ${JSON.parse(data).text}`}));
  });
}

const server = http2.createSecureServer(
  {key: fs.readFileSync(key), cert: fs.readFileSync(certificate), allowHTTP1: true}, answer);
const sockets = new WebSocketServer({noServer: true, perMessageDeflate: {threshold: 0}});
const rooms = new Server(server, {pingInterval: 400, pingTimeout: 2000, destroyUpgrade: false});
rooms.on('connection', (socket) => {
  socket.on('say', (text, heard) => {
    wrote('socketio', {from: 'client', event: 'say'});
    wrote('socketio', {from: 'server', event: 'said'});
    socket.emit('said', {text});
    wrote('socketio', {from: 'server', kind: 'ack'});
    heard('heard', text.length);
  });
});
server.on('upgrade', (request, line, head) => {
  if (request.url.startsWith('/chat')) sockets.handleUpgrade(request, line, head, chat);
});
server.listen(443, '0.0.0.0');
