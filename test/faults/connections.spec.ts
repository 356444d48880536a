import { setTimeout as delay } from 'node:timers/promises';
import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

const KILLS = 5;
const BETWEEN_MS = 250;

/** Ends every connection of the library that has such a name, several times. */
async function killNamed({ ask }: ServerPlace, name: RegExp): Promise<void> {
  for (let time = 0; time < KILLS; time++) {
    await ask(async (admin) => {
      const clients = String(await admin.client('LIST')).split('\n');
      for (const client of clients.filter((line) => name.test(line))) {
        const [, id = ''] = /\bid=(\d+)/.exec(client) ?? [];
        await admin.client('KILL', 'ID', id);
      }
    });
    await delay(BETWEEN_MS);
  }
}

function kill(name: string, connection: RegExp, apart: boolean): Fault<ServerPlace> {
  return {
    name,
    apart,
    place: () => serverPlace(),
    strike: (place) => killNamed(place, connection),
    repair: () => undefined,
  };
}

/** What comes back takes that much longer, and so does what goes there. */
function slower(ms: number): Fault<ServerPlace> {
  return {
    name: `replies slower by ${2 * ms} ms`,
    place: () => serverPlace({ proxied: true }),
    strike: ({ each }) => each((proxy) => proxy.set({ kind: 'delay', ms })),
    repair: ({ each }) => each((proxy) => proxy.pass()),
  };
}

const faults = [
  kill('CLIENT KILL of the data connections', /\bname=\S+:cache\b/, true),
  kill('CLIENT KILL of the bus connections', /\bname=\S+:bus\b/, false),
  // Within the deadline, but not more than one of them; and beyond.
  slower(30),
  slower(150),
];

testFaults('with broken and slow connections, no call suffers, and nothing is stale:', faults);
