import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends the head of a request and one byte of its body. Resolves when the server has them and waits for the rest. */
export async function sendHalfARequest(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    'POST /bots HTTP/1.1\r\nHost: localhost\r\nx-user-id: ada\r\nContent-Type: application/json\r\n' +
      'Content-Length: 100\r\nExpect: 100-continue\r\n\r\n{',
  );
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 100 Continue/);
  // Cut off, it may say so.
  socket.on('error', () => {});
}
