// Preloaded into every process under test: says over IPC what processor time it has used, and on which port it listens.
const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.connected && process.send({ port: this.address().port }));
  return listen.apply(this, args);
};
process.on('message', (message) => {
  if (message === 'cpu') process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit(0));
process.channel?.unref();
