// visit.js - what the page of site.js does in the browser that shows it.
'use strict';
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const words = 'Hello, is the brass lantern still there? And the small one, at the same price?';

async function chat() {
  const socket = new WebSocket(`wss://${location.host}/chat`);
  await new Promise((resolve) => { socket.onopen = resolve; });
  for (const text of words.split(' ')) {
    const heard = new Promise((resolve) => { socket.onmessage = resolve; });
    socket.send(JSON.stringify({type: 'say', text}));
    await heard;
    await wait(90);
  }
  socket.close(1000, 'thank you');
}

async function ask() {
  const events = new EventSource('/answer?question=loss');
  await new Promise((resolve) => events.addEventListener('done', resolve));
  events.close();
}

async function rooms() {
  const socket = io();
  await new Promise((resolve) => socket.on('connect', resolve));
  for (const text of words.split(' ').slice(0, 8)) {
    await new Promise((resolve) => socket.emit('say', text, resolve));
    await wait(160);
  }
  socket.disconnect();
}

async function visit() {
  await (await fetch('/catalogue.json')).json();
  await Promise.all([chat(), ask(), rooms()]);
  await fetch('/done', {method: 'POST', body: '{"satisfied": true}'});
}
addEventListener('load', () => visit());
