import { judge, type FaultRow, type Verdict } from './fault-audit.js';
import { buildFaults } from './fault-build.js';
import type { Place } from './fault-place.js';
import { runFault, type Fault } from './fault-run.js';
import type { FleetBuild } from './fleet-build.js';
import { startRedisServer, type RedisServer } from './redis-server.js';

/** More than any fault takes, so that what was found is told rather than that it took too long. */
const TEST_MS = 60_000;

const COLUMNS: readonly (readonly [title: string, of: (row: FaultRow) => string | number])[] = [
  ['fault', ({ fault }) => fault],
  ['worst latency above loader, ms', ({ worstMs }) => worstMs],
  ['requests', ({ requests }) => requests],
  ['loads', ({ loads }) => loads],
  ['recovery, ms', ({ recoveryMs }) => recoveryMs],
  ['stale reads', ({ staleReads }) => staleReads],
  ['behind the other, ms', ({ othersMs }) => othersMs],
  ['timers late, ms', ({ lagMs }) => lagMs],
];

/**
 * Declares a test for each fault: both processes keep every promise through it. Prints a table at the end, and with
 * `FAULT_NOTES` set, what helps to understand it.
 */
export function testFaults<At extends Place>(title: string, faults: readonly Fault<At>[]): void {
  describe(title, () => {
    const verdicts: Verdict[] = [];
    let build: FleetBuild;
    let source: RedisServer;

    beforeAll(async () => {
      [build, source] = await Promise.all([buildFaults(), startRedisServer()]);
    });

    afterAll(async () => {
      await source.stop();
      await build.remove();
      process.stdout.write(tableOf(verdicts.map(({ row }) => row)));
      if (process.env['FAULT_NOTES'] !== undefined) process.stdout.write(notesOf(verdicts));
    });

    it.each(faults.map((fault) => [fault.name, fault] as const))(
      '%s',
      async (_, fault) => {
        const run = await runFault(build.worker, source.url, fault);
        const verdict = judge(run);
        verdicts.push(verdict);
        expect([...verdict.wrong, ...(fault.check?.(run) ?? [])]).toEqual([]);
      },
      TEST_MS,
    );
  });
}

/** As it stands in `docs/reliability.md`. */
function tableOf(rows: readonly FaultRow[]): string {
  const lines = [
    COLUMNS.map(([column]) => column),
    COLUMNS.map(() => '---'),
    ...rows.map((row) => COLUMNS.map(([, of]) => String(of(row)))),
  ];
  return `\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n`;
}

function notesOf(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ row: { fault }, notes }) => `${fault}\n${notes.map((note) => `  ${note}\n`).join('')}`)
    .join('');
}
