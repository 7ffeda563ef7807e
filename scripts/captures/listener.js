// listener.js - an HTTP server, over TLS if TLS_KEY and TLS_CERTIFICATE name files.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');

exports.serve = (port, answer) => {
  const {TLS_KEY: key, TLS_CERTIFICATE: certificate} = process.env;
  const server = key
    ? https.createServer({key: fs.readFileSync(key), cert: fs.readFileSync(certificate)}, answer)
    : http.createServer(answer);
  return server.listen(Number(port), '0.0.0.0');
};
