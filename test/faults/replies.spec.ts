import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';
import type { ProxyMode } from '../support/tcp-proxy.js';

function replies(name: string, mode: ProxyMode): Fault<ServerPlace> {
  return {
    name,
    place: () => serverPlace({ proxied: true }),
    strike: ({ each }) => each((proxy) => proxy.set(mode)),
    repair: ({ each }) => each((proxy) => proxy.pass()),
  };
}

const faults = [
  replies('replies in small pieces', { kind: 'fragment' }),
  replies('noise for replies', { kind: 'corrupt', how: 'noise' }),
  replies('replies with bits turned over', { kind: 'corrupt', how: 'flip' }),
];

testFaults('whatever Redis says, no call suffers, and nothing is stale:', faults);
