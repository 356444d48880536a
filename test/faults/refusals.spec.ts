import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';
import { until } from '../support/redis-cluster.js';

/** Keys that Redis takes some seconds to load, and answers in between, with the arguments below. */
const KEYS_TO_LOAD = 20_000;
const SLOW_TO_LOAD = ['--appendfsync', 'no', '--key-load-delay', '20'];

/** Resolves when the server refuses a command in that way: until then the fault has not begun. */
async function refuses(
  { ask }: ServerPlace,
  command: readonly [string, ...string[]],
  error: string,
): Promise<void> {
  const [name, ...args] = command;
  await until(async () => {
    const answer = await ask((client) => client.call(name, ...args)).catch(String);
    return String(answer).includes(error);
  });
}

const WRITE = ['SET', 'of-this-test', 'x'] as const;

const faults: readonly Fault<ServerPlace>[] = [
  {
    name: 'LOADING',
    place: () =>
      serverPlace({
        persist: true,
        args: SLOW_TO_LOAD,
        prepare: async (client) => {
          const filling = client.pipeline();
          for (let i = 0; i < KEYS_TO_LOAD; i++) filling.set(`of-this-test:${i}`, i);
          await filling.exec();
        },
      }),
    strike: async (place) => {
      await place.server.kill();
      void place.server.launch();
      await refuses(place, WRITE, 'LOADING');
    },
    lastsMs: 0,
    repair: (place) => refuses(place, WRITE, 'OK'),
  },
  {
    name: 'BUSY with a script',
    place: () => serverPlace({ args: ['--busy-reply-threshold', '50'] }),
    strike: async (place) => {
      place.ask((client) => client.eval('while true do end', 0)).catch(() => undefined);
      await refuses(place, WRITE, 'BUSY');
    },
    repair: ({ ask }) => ask((client) => client.script('KILL')),
  },
  {
    name: 'OOM with noeviction',
    place: () => serverPlace(),
    strike: async (place) => {
      await place.ask((client) => client.config('SET', 'maxmemory', '1'));
      await refuses(place, WRITE, 'OOM');
    },
    repair: ({ ask }) => ask((client) => client.config('SET', 'maxmemory', '0')),
  },
  {
    name: 'READONLY: the master has become a replica',
    place: () => serverPlace(),
    strike: async (place) => {
      // Of nobody: that port is never listened on.
      await place.ask((client) => client.replicaof(place.server.host, 1));
      await refuses(place, WRITE, 'READONLY');
    },
    repair: ({ ask }) => ask((client) => client.replicaof('NO', 'ONE')),
  },
];

testFaults('while Redis refuses, no call suffers, and when it is willing again nothing is stale:', faults);
