// shop.js - the application behind the demo's shop: pages, a JSON interface, a live feed.
'use strict';
const http = require('http');

const products = Array.from({length: 24}, (_, i) => ({
  id: i + 1, name: `Teapot No. ${i + 1}`, price: 1900 + ((i * 7919) % 3000), stock: (i * 31) % 12,
}));

function page(title, body) {
  return `<!doctype html><html><head><title>${title}</title><link rel="stylesheet" href="/static/` +
         `shop.css"><script src="/static/shop.js"></script></head>` +
         `<body><h1>${title}</h1>${body}</body></html>`;
}

function send(response, status, type, body, more = {}) {
  const length = Buffer.byteLength(body);
  response.writeHead(status, {'Content-Type': type, 'Content-Length': length, ...more});
  response.end(body);
}

const json = (response, status, value) =>
  send(response, status, 'application/json', JSON.stringify(value));

let asked = 0;
const answers = {
  'GET /': (request, response) => send(response, 200, 'text/html', page('Teapots', products.map(
    (one) => `<a href="/product/${one.id}"><img src="/static/${one.id % 6}.png">${one.name}</a>`,
  ).join('\n'))),
  'GET /api/products': (request, response) => json(response, 200, products),
  'GET /api/cart': (request, response) => json(response, 200, {items: [3, 17], total: 5830}),
  'POST /api/cart': (request, response) => json(response, 201, {items: [3, 17, 20], total: 8120}),
  'GET /api/stock': (request, response) => ++asked % 3 === 0 ?
    json(response, 500, {error: 'stock: too many connections'}) : json(response, 200, {ok: true}),
  'POST /login': (request, response) => send(response, 303, 'text/plain', '', {
    'Location': '/', 'Set-Cookie': 'session=8f2e11d0c4; Path=/'}),
  'GET /checkout': (request, response) => setTimeout(() =>
    send(response, 200, 'text/html', page('Checkout', '<p>Thank you</p>')), 3900),
  'GET /search': (request, response) => setTimeout(() =>
    json(response, 200, products.slice(0, 5)), 640),
  'GET /health': (request, response) => send(response, 200, 'text/plain', 'ok\n'),
  'GET /old-shop': (request, response) => send(response, 301, 'text/plain', '', {Location: '/'}),
  'GET /events': (request, response) => {
    let id = 0;
    response.writeHead(200, {'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no'});
    const timer = setInterval(() => {
      const data = JSON.stringify({product: ++id % 24 + 1, price: 2000 + id * 10});
      response.write(`id: ${id}\nevent: price\ndata: ${data}\n\n`);
    }, 2500);
    response.on('close', () => clearInterval(timer));
  },
};

http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const path = request.url.split('?')[0];
    const answer = answers[`${request.method} ${path}`];
    if (answer) return answer(request, response);
    const product = /^\/product\/(\d+)$/.exec(path);
    if (product && products[product[1] - 1]) {
      const name = products[product[1] - 1].name;
      return send(response, 200, 'text/html', page(name, '<p>Pours well.</p>'));
    }
    return send(response, 404, 'text/html', page('Not found', '<p>No such teapot.</p>'));
  });
}).listen(3000, '0.0.0.0');
