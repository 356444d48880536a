import { setTimeout as delay } from 'node:timers/promises';
import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

/** How old the data is that Redis comes back with, milliseconds. */
const BEHIND_MS = 1500;
/** More than may wait. */
const FLOOD = 12_000;
const MOST_QUEUED = 10_000;

const fromOldData: Fault<ServerPlace> = {
  name: 'kill -9, then back with data of 1.5 s before',
  place: () => serverPlace(),
  strike: async ({ server, ask }) => {
    await ask((client) => client.save());
    await delay(BEHIND_MS);
    await server.kill();
  },
  lastsMs: BEHIND_MS + 500,
  repair: ({ server }) => server.restart(),
};

/** What was sent on connections that the library has given up long since arrives all the same. */
function late(name: string, place: () => Promise<ServerPlace>): Fault<ServerPlace> {
  let deliver: (() => void)[] = [];
  return {
    name,
    place,
    strike: ({ proxies }) => {
      deliver = proxies.map((proxy) => proxy.keepBack('data'));
    },
    lastsMs: 2500,
    repair: () => deliver.forEach((act) => act()),
  };
}

const overflow: Fault<ServerPlace> = {
  name: '12,000 keys evicted while Redis is away, with its data',
  place: () => serverPlace({ persist: true, args: ['--appendfsync', 'no'] }),
  strike: async ({ server }, processes) => {
    await server.kill();
    await Promise.all(processes.map((process) => process.ask('flood', FLOOD)));
  },
  repair: ({ server }) => server.restart(),
  check: ({ reports }) =>
    reports.flatMap(({ peak: { evictions } }) =>
      evictions > MOST_QUEUED ? [`${evictions} evictions waited, more than ${MOST_QUEUED}`] : [],
    ),
};

const faults: readonly Fault<ServerPlace>[] = [
  overflow,
  fromOldData,
  late('what was sent on dropped connections arrives 2.5 s late', () => serverPlace({ proxied: true })),
];

testFaults('what was evicted stays evicted, and no call suffers:', faults);
