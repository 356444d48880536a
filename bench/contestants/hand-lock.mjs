import { Redis } from 'ioredis';

const TTL_MS = 600_000;
const LOCK_MS = 3000;

/** The limit of a herd: a lock in Redis, and a message when the value is there. Written for this one case. */
export const handLock = {
  name: 'hand-written lock',
  packages: ['ioredis'],
  is: [],
  async open({ url, prefix, load }) {
    const redis = new Redis(url);
    const subscriber = new Redis(url);
    const flights = new Map();
    const waiting = new Map();
    subscriber.on('message', (_channel, id) => waiting.get(id)?.());
    await subscriber.subscribe(`${prefix}:stored`);

    async function find(id) {
      const name = `${prefix}:${id}`;
      const stored = new Promise((resolve) => waiting.set(id, resolve));
      const [text, lock] = await Promise.all([
        redis.get(name),
        redis.set(`${name}:lock`, '1', 'PX', LOCK_MS, 'NX'),
      ]);
      if (text !== null) return JSON.parse(text);
      if (lock === null) {
        // The message may have come before the subscription, hence the second look.
        if ((await redis.get(name)) === null) await stored;
        return JSON.parse(await redis.get(name));
      }
      const value = await load(id);
      await Promise.all([
        redis.set(name, JSON.stringify(value), 'PX', TTL_MS),
        redis.publish(`${prefix}:stored`, id),
      ]);
      return value;
    }

    return {
      read(id) {
        let flight = flights.get(id);
        if (flight === undefined) {
          flight = find(id).finally(() => flights.delete(id));
          flights.set(id, flight);
        }
        return flight;
      },
      async close() {
        redis.disconnect();
        subscriber.disconnect();
      },
    };
  },
};
