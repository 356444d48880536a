import type { CacheRuntime } from '../../src/cache.runtime.js';
import { Generations } from '../../src/engine/generations.js';
import { RedisKeys } from '../../src/stores/redis/redis-keys.js';
import { newToken } from '../../src/engine/token.js';
import { RedisStore } from '../../src/stores/redis/redis-store.js';
import { TagKeys } from '../../src/stores/redis/tag-keys.js';
import type { Mutant } from './fleet-protocol.js';
import { wrapMethod } from './fleet-wrap.js';

const nothing = () => () => undefined;

/** Puts a part of the library out of action in this process. Returns the function that mends it. */
export function breakLibrary(
  mutant: Mutant | undefined,
  { engine, redis, options }: CacheRuntime,
): () => void {
  const client = redis!.connection.client;
  const keys = new RedisKeys(options.namespace);
  const mends: (() => void)[] = [];
  switch (mutant) {
    case undefined:
      break;
    case 'no store fence':
      mends.push(
        wrapMethod(
          RedisStore.prototype,
          'storeMany',
          (store) =>
            async function (this: RedisStore, loaded) {
              const seized = loaded.map((each) => ({ ...each, lease: newToken() }));
              await Promise.all(seized.map(({ key, lease }) => this.seize(key, lease, 60_000)));
              return store.call(this, seized);
            },
        ),
      );
      break;
    case 'no generations':
      for (const end of ['endKey', 'endTag', 'endAll'] as const) {
        mends.push(wrapMethod(Generations.prototype, end, nothing));
      }
      break;
    case 'deaf to the bus':
      mends.push(wrapMethod(engine.coherence, 'invalidated', nothing));
      break;
    case 'tokens that repeat':
      mends.push(
        wrapMethod(
          TagKeys.prototype,
          'ensure',
          () =>
            async function (this: TagKeys, tags) {
              await Promise.all(tags.map((tag) => client.set(keys.tag(tag), 'first', 'PX', 60_000, 'NX')));
              return (await this.read(tags)).map((token) => token ?? 'first');
            },
        ),
      );
      break;
  }
  return () => mends.forEach((mend) => mend());
}
