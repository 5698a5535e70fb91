// The least that a server on Node.js can be: the bound of start and memory.
const { createServer } = require('node:http');

createServer((_, res) => res.end('ok')).listen(0, '127.0.0.1');
