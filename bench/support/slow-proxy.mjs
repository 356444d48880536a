import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A way to Redis on which each answer takes a while: what a caller waits then tells how many round trips it took. */
export async function startSlowProxy(server, delayMs) {
  const sockets = new Set();
  const proxy = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: server.port, host: server.host, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => setTimeout(() => client.write(chunk), delayMs));
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `redis://127.0.0.1:${proxy.address().port}`,
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
