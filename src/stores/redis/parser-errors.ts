import type { RedisNode } from './redis-client.js';

/**
 * Closes a connection on which something comes that is no reply. ioredis throws when nobody has asked for it, out of a
 * listener of the socket, where nobody could catch it: it would end the process.
 */
export function catchParserErrors(node: RedisNode): void {
  node.on('connect', () => {
    const { stream } = node;
    for (const listener of stream.listeners('data')) {
      stream.removeListener('data', listener as (chunk: Buffer) => void);
      stream.on('data', (chunk: Buffer) => {
        try {
          Reflect.apply(listener, stream, [chunk]);
        } catch (error) {
          stream.destroy(error as Error);
        }
      });
    }
  });
}
