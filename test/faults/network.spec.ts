import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

const BLACK_HOLE = { kind: 'black hole' } as const;

/** A fault of the network between the processes and a server that is well. */
function onTheWay(
  name: string,
  strike: Fault<ServerPlace>['strike'],
  rest: Partial<Fault<ServerPlace>> = {},
): Fault<ServerPlace> {
  return {
    name,
    strike,
    place: () => serverPlace({ proxied: true }),
    repair: ({ each }) => each((proxy) => proxy.pass()),
    ...rest,
  };
}

const faults = [
  onTheWay('black hole on data', ({ each }) => each((proxy) => proxy.set(BLACK_HOLE, 'data'))),
  onTheWay('black hole on data of one process', ({ proxies }) => proxies[0]?.set(BLACK_HOLE, 'data'), {
    concerns: 0,
  }),
  onTheWay('black hole on bus', ({ each }) => each((proxy) => proxy.set(BLACK_HOLE, 'bus')), {
    apart: false,
    lastsMs: 3000,
  }),
  onTheWay('hung handshake', ({ each }) => each((proxy) => proxy.set({ kind: 'hung handshake' }))),
];

testFaults('when the network fails, no call suffers, and when it is back nothing is stale:', faults);
