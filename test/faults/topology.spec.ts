import { setTimeout as delay } from 'node:timers/promises';
import { lagBehind, sentinelPlace, type SentinelPlace } from '../support/fault-topology.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

/** How much of what it was to copy a replica has missed, milliseconds. */
const BEHIND_MS = 1500;

const faults: readonly Fault<SentinelPlace>[] = [
  {
    name: 'failover by command',
    place: sentinelPlace,
    strike: ({ sentinel }) => sentinel.failover(),
    lastsMs: 0,
    repair: () => undefined,
  },
  {
    name: 'failover from a frozen master, which wakes up again',
    place: sentinelPlace,
    strike: ({ sentinel: { nodes } }) => nodes[0].freeze(),
    repair: async ({ sentinel }) => {
      const [master, replica] = sentinel.nodes;
      await sentinel.promoted(replica);
      master.thaw();
    },
  },
  {
    name: 'failover from a killed master',
    place: sentinelPlace,
    strike: ({ sentinel: { nodes } }) => nodes[0].kill(),
    repair: ({ sentinel }) => sentinel.promoted(sentinel.nodes[1]),
  },
  {
    name: 'failover to a replica that is 1.5 s behind',
    place: sentinelPlace,
    strike: async ({ sentinel: { nodes } }) => {
      const [master, replica] = nodes;
      await lagBehind(master, replica);
      await delay(BEHIND_MS);
      await master.kill();
    },
    lastsMs: 0,
    repair: ({ sentinel }) => sentinel.promoted(sentinel.nodes[1]),
  },
];

testFaults('when another server takes over, no call suffers, and nothing is stale:', faults);
