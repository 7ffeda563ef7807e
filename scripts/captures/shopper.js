// shopper.js ADDRESS VISITS PAUSE_MS NAME - a visitor of the demo's shop.
// Like a browser it keeps up to six connections.
'use strict';
const http = require('http');

const [address, visits, pause, name] = process.argv.slice(2);
const agent = new http.Agent({keepAlive: true, maxSockets: 6});

function fetch(path, method = 'GET', body = '') {
  return new Promise((resolve) => {
    const request = http.request({host: address, port: 80, path, method, agent, headers: {
      'Host': 'shop.test', 'User-Agent': name, 'Accept-Encoding': 'gzip',
      'Cookie': 'session=8f2e11d0c4',
      ...(body && {'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': body.length}),
    }}, (response) => {
      response.resume();
      response.on('end', resolve);
      response.on('error', resolve);
    });
    request.on('error', resolve);
    request.end(body);
  });
}

const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function visit(number) {
  await fetch(number === 0 ? '/old-shop' : '/');
  const pictures = ['0.png', '1.png', '2.png', '3.png', '4.png', '5.png'];
  const parts = number === 0 ? ['shop.css', 'shop.js', ...pictures, 'favicon.ico'] : ['shop.css'];
  await Promise.all([...parts.map((part) => fetch(`/static/${part}`)), fetch('/api/cart')]);
  await rest(Number(pause));
  await fetch(`/product/${(number * 5) % 24 + 1}`);
  await fetch(`/api/stock?product=${number}`);
  if (number % 2 === 0) await fetch(`/search?q=teapot+${number}`);
  await fetch('/api/cart', 'POST', `product=${number}&count=1`);
}

(async () => {
  await fetch('/login', 'POST', 'user=ada&password=correct+horse');
  for (let number = 0; number < Number(visits); number++) {
    await visit(number);
    await rest(Number(pause));
  }
  await fetch('/checkout');
  agent.destroy();
})();
