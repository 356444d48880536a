import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

/** SIGKILL loses nothing that has been handed to the kernel, and a busy disk is no part of the fault. */
const WRITTEN_BUT_NOT_SYNCED = ['--appendfsync', 'no'];

const faults: readonly Fault<ServerPlace>[] = [
  {
    name: 'down at boot',
    place: () => serverPlace(),
    atStart: true,
    strike: ({ server }) => server.kill(),
    repair: ({ server }) => server.restart(),
  },
  {
    name: 'kill -9, then empty',
    place: () => serverPlace(),
    strike: ({ server }) => server.kill(),
    repair: ({ server }) => server.restart(),
  },
  {
    name: 'kill -9, then back with its data',
    place: () => serverPlace({ persist: true, args: WRITTEN_BUT_NOT_SYNCED }),
    strike: ({ server }) => server.kill(),
    repair: ({ server }) => server.restart(),
  },
  {
    name: 'SIGSTOP for 3 s',
    place: () => serverPlace(),
    strike: ({ server }) => server.freeze(),
    lastsMs: 3000,
    repair: ({ server }) => server.thaw(),
  },
];

testFaults('while the server is gone, no call suffers, and when it is back nothing is stale:', faults);
