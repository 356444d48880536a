import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

const TIMES = 8;
const BETWEEN_MS = 150;

/** Redis is well all the time, but loses something again and again. */
function loses(name: string, lose: (client: Redis) => Promise<unknown>): Fault<ServerPlace> {
  return {
    name,
    apart: false,
    place: () => serverPlace(),
    strike: ({ ask }) =>
      ask(async (client) => {
        for (let time = 0; time < TIMES; time++) {
          await lose(client);
          await delay(BETWEEN_MS);
        }
      }),
    repair: () => undefined,
  };
}

async function removeMatching(client: Redis, match: string): Promise<void> {
  for await (const names of client.scanStream({ match, count: 1000 })) {
    if ((names as string[]).length > 0) await client.unlink(names as string[]);
  }
}

const faults = [
  loses('SCRIPT FLUSH', (client) => client.script('FLUSH')),
  loses('FLUSHDB with L1 hot', (client) => client.flushdb()),
  loses('tag tokens evicted by Redis', (client) => removeMatching(client, '*~tag:*')),
  loses('leases evicted by Redis', (client) => removeMatching(client, '*~lease:*')),
];

testFaults('when Redis forgets, no call suffers, and nothing is stale:', faults);
