import { setTimeout as delay } from 'node:timers/promises';
import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { FaultProcess } from '../support/fault-process.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

const HOUR_MS = 3_600_000;
/** The longest that an entry of the load lives: its ttl, and as long stale. */
const LONGEST_MS = 120_000;
const SHORT_MS = 100;
const LONG_MS = 30_000;
const ENTRIES = 'faults:raced:';

/** Whoever's clock it went by, an entry's time in Redis is the right one, and it is of use to the others. */
async function haveTheirTime({ ask }: ServerPlace): Promise<void> {
  await ask(async (client) => {
    for (const name of await client.keys(`${ENTRIES}*`)) {
      const left = await client.pttl(name);
      if (left === -1 || left > LONGEST_MS) throw new Error(`${name} lives for another ${left} ms.`);
    }
  });
}

/** What one puts is fresh for the other one, and stale when its time is over. */
async function agree(processes: readonly FaultProcess[]): Promise<void> {
  for (const [i, from] of processes.entries()) {
    const to = processes[1 - i];
    await Promise.all([from.ask('put', `short-${i}`, SHORT_MS), from.ask('put', `long-${i}`, LONG_MS)]);
    await delay(2 * SHORT_MS);
    const found = await Promise.all([to?.ask('look', `short-${i}`), to?.ask('look', `long-${i}`)]);
    if (found.join() !== 'stale,fresh')
      throw new Error(`What ${i} has put is ${found.join()} for the other.`);
  }
}

function clock(name: string, hours: number): Fault<ServerPlace> {
  return {
    name: `clock of one process ${name} from its start`,
    apart: false,
    place: () => serverPlace(),
    clockOffset: (member) => (member === 0 ? hours * HOUR_MS : 0),
    strike: haveTheirTime,
    repair: async (at, processes) => {
      await haveTheirTime(at);
      await agree(processes);
    },
  };
}

function jumpingClock(name: string, hours: number): Fault<ServerPlace> {
  return {
    name: `clock of one process jumps ${name}, and back`,
    apart: false,
    place: () => serverPlace(),
    strike: (_, [first]) => first?.ask('shiftClock', hours * HOUR_MS),
    repair: async (at, processes) => {
      await haveTheirTime(at);
      await agree(processes);
      await processes[0]?.ask('shiftClock', 0);
    },
  };
}

const faults = [
  clock('an hour fast', 1),
  clock('an hour slow', -1),
  jumpingClock('an hour ahead', 1),
  jumpingClock('an hour back', -1),
];

testFaults('with a wrong clock no call suffers, and nothing is stale:', faults);
