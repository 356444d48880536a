import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault, FaultRun } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';
import { vandalise } from '../support/fault-vandal.js';

const BLOCK_MS = 500;
const BLOCKS = 3;
const VANDALS_MS = 2000;
const LEAST_VANDALISM = 50;
const ENTRIES = 'faults:raced:';

/** Nothing was wrong with Redis, so nothing is to be held against it. */
function heldAgainstRedis({ reports, times: { struckAt } }: FaultRun): string[] {
  return reports.flatMap(({ problems, peak, status }, process) => [
    ...Object.entries(problems).map(([text, count]) => `process ${process}: ${count} x ${text}`),
    ...(peak.evictions === 0 ? [] : [`process ${process}: ${peak.evictions} evictions were queued`]),
    ...(['connection', 'breaker', 'bus'] as const)
      .filter((part) => status === undefined || status[part].since >= struckAt)
      .map((part) => `process ${process}: its ${part} has changed`),
  ]);
}

const faults: readonly Fault<ServerPlace>[] = [
  {
    name: 'event loop blocked for 500 ms, three times',
    apart: false,
    place: () => serverPlace(),
    stopsMs: BLOCK_MS,
    strike: (_, [first]) => first?.ask('block', BLOCK_MS, BLOCKS),
    repair: () => undefined,
    check: heldAgainstRedis,
  },
  {
    name: 'corrupt, truncated, foreign entries and bombs',
    apart: false,
    place: () => serverPlace(),
    strike: async ({ ask }) => {
      const times = await ask((client) => vandalise(client, ENTRIES, VANDALS_MS));
      if (times < LEAST_VANDALISM) throw new Error(`Only ${times} entries were written over.`);
    },
    repair: () => undefined,
  },
];

testFaults('whatever a process or its entries go through, no call suffers, and nothing is stale:', faults);
