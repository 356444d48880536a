import { retryDelay } from './never-hang.js';
import type { RedisClient } from './redis-client.js';

/** What has to be done before each attempt to connect. When it rejects, the attempt has failed. */
export type Preparation = () => Promise<void>;

/**
 * Makes a client of ours go on trying to connect until it is told to `disconnect` or to `quit`, and then stay closed.
 *
 * ioredis itself gives up for good, with an `end`, when no socket comes about: no sentinel answers, TLS options throw,
 * or `disconnect(true)` comes while it connects. And it takes user and password as they are when an attempt begins, so
 * what has to be fetched first is fetched by `prepare`.
 *
 * @param prepare only for a client without an offline queue: commands that come meanwhile have nowhere to wait
 */
export function keepConnecting(client: RedisClient, prepare?: Preparation): void {
  const connect = client.connect.bind(client);
  const disconnect = client.disconnect.bind(client);
  const quit = client.quit.bind(client);
  let isClosed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let preparing: Promise<void> | undefined;

  const again = () => {
    if (isClosed || timer !== undefined) return;
    failures += 1;
    timer = setTimeout(() => {
      timer = undefined;
      client.connect().catch(() => undefined);
    }, retryDelay(failures));
  };
  const close = () => {
    isClosed = true;
    clearTimeout(timer);
  };
  const prepareAndConnect = async (needed: Preparation) => {
    try {
      await needed();
    } catch (error) {
      if (!isClosed && client.listenerCount('error') > 0) client.emit('error', error);
      again();
      throw error;
    }
    if (isClosed) throw new Error('Connection is closed.');
    await connect();
  };

  client.connect = () => {
    if (isClosed) return Promise.reject(new Error('Connection is closed.'));
    if (prepare === undefined) return connect();
    preparing ??= prepareAndConnect(prepare).finally(() => {
      preparing = undefined;
    });
    return preparing;
  };
  client.disconnect = (reconnect = false) => {
    if (!reconnect) close();
    // Called on an ended connection, it would hold up the end of the process.
    if (client.status !== 'end') disconnect(reconnect);
  };
  client.quit = (...args: Parameters<RedisClient['quit']>) => {
    close();
    return quit(...args);
  };
  client.on('ready', () => {
    failures = 0;
  });
  client.on('end', again);
}
