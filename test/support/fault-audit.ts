import type { FaultRun, Left } from './fault-run.js';
import type { Acknowledged, Call, LoadReport } from './fault-protocol.js';

/** The library's default: the longest that a call waits for Redis in all, milliseconds. */
const DEADLINE_MS = 100;
/**
 * What a call may take beyond its loader and one deadline, milliseconds. The two processes, their Redis, the source,
 * the proxies and Jest share two cores with whatever else runs on the machine: a timer that is due, or a loader of
 * another caller that this one waits for, may be late by that much. A second deadline would still show in the
 * figures that are printed; one that is missing (a call that waits for a socket or a lease) is out of all bounds.
 */
const SLACK_MS = 400;
/**
 * How long a process may go on with what the *other* process has evicted, milliseconds, while both reach Redis: a
 * message takes a moment, and that none arrives any more is noticed within this time. What was evicted by a process
 * that could not reach Redis, or that Redis has forgotten, the other one learns when the fault is over: then this
 * time begins when both are well. A process's own evictions have no such allowance.
 */
const OTHERS_MS = 1500;
/** Back in service within that time, milliseconds. */
const RECOVERY_MS = 5000;
/** What a heap may keep beyond what it had before the fault: code that ran for the first time, timers, records. */
const HEAP_BYTES = 6 * 1024 * 1024;
const EXAMPLES = 3;

/** The library's default: the longest that a lease lives whose holder can't be heard, milliseconds. */
const LEASE_MS = 3000;

/** One line of the table. */
export interface FaultRow {
  readonly fault: string;
  /** From the fault on, beyond the loader. */
  readonly worstMs: number;
  readonly requests: number;
  readonly loads: number;
  /** From the repair until every process was as before; `Infinity` when one never was. */
  readonly recoveryMs: number;
  readonly staleReads: number;
  /** How late the processes' own timers were at worst. */
  readonly lagMs: number;
  /** How long, at worst, the other process's eviction was not seen: allowances included. */
  readonly othersMs: number;
}

export interface Verdict {
  readonly row: FaultRow;
  /** Every promise that was broken, with examples. */
  readonly wrong: readonly string[];
  /** What helps to understand the row. */
  readonly notes: readonly string[];
}

interface Judged extends Call {
  readonly process: number;
  readonly aboveMs: number;
}

/** Compares a run with what is promised. */
export function judge(run: FaultRun): Verdict {
  const { reports, left, times } = run;
  const calls = reports.flatMap((report, process) =>
    report.calls.map((call): Judged => ({ ...call, process, aboveMs: call.ms - call.loaderMs })),
  );
  const told = (call: Judged) => tellCall(call, run);
  const stale = calls.filter(({ got }) => got.some(({ version, floor }) => version < floor));
  const behind = calls.map((call) => ({ call, ms: behindOther(call, run) }));
  const tooFarBehind = behind.filter(({ ms }) => ms > OTHERS_MS).map(({ call }) => call);
  const slow = calls.filter(
    (call) => call.aboveMs > DEADLINE_MS + SLACK_MS + run.stopsMs + waitForOther(call, run),
  );
  const recoveryMs = times.wellAt === undefined ? Infinity : times.wellAt - times.repairedAt;
  const sinceFault = calls.filter(({ at }) => at >= times.struckAt);
  return {
    row: {
      fault: run.fault,
      worstMs: Math.round(Math.max(0, ...sinceFault.map(({ aboveMs }) => aboveMs))),
      requests: calls.length,
      loads: calls.reduce((sum, { loads }) => sum + loads, 0),
      recoveryMs: Math.round(recoveryMs),
      staleReads: new Set([...stale, ...tooFarBehind]).size,
      lagMs: Math.round(Math.max(...reports.map(({ lagMs }) => lagMs))),
      othersMs: Math.round(Math.max(0, ...behind.map(({ ms }) => ms))),
    },
    wrong: [
      ...some(
        'failed',
        calls.filter(({ error }) => error !== undefined),
        told,
      ),
      ...some(
        'ran their loader more than once',
        calls.filter(({ loads }) => loads > 1),
        told,
      ),
      ...some('were older than an eviction of their own process', stale, told),
      ...some(`were older than what the other had evicted ${OTHERS_MS} ms before`, tooFarBehind, told),
      ...some(
        `took longer than loader + ${DEADLINE_MS} + ${SLACK_MS + run.stopsMs} ms`,
        slow.toSorted((a, b) => b.aboveMs - a.aboveMs),
        told,
      ),
      ...(recoveryMs > RECOVERY_MS ? [`not back in service ${RECOVERY_MS} ms after the repair`] : []),
      ...reports.flatMap(wrongOfReport),
      ...left.flatMap((one, process) => wrongOfLeft(one, process, run.spareConnections)),
      ...idle(run, calls),
    ],
    notes: notesOn(
      run,
      sinceFault
        .toSorted((a, b) => b.aboveMs - a.aboveMs)
        .slice(0, EXAMPLES)
        .map(told),
    ),
  };
}

/** How long before this read the other process had evicted what it gave; 0 when it gave what it should. */
function behindOther({ process, at, got }: Judged, { reports, apart, times }: FaultRun): number {
  const others = reports.flatMap(({ acknowledged }, other) => (other === process ? [] : acknowledged));
  const sinceWhen = ({ at: since }: Acknowledged) =>
    apart && at >= times.struckAt ? Math.max(since, times.wellAt ?? Infinity) : since;
  let longest = 0;
  for (const { item, version } of got) {
    for (const newer of others) {
      if (newer.item === item && newer.version > version) longest = Math.max(longest, at - sinceWhen(newer));
    }
  }
  return longest;
}

function some(what: string, calls: readonly Judged[], told: (call: Judged) => string): string[] {
  if (calls.length === 0) return [];
  const examples = calls.slice(0, EXAMPLES).map(told).join('; ');
  return [`${calls.length} calls ${what}: ${examples}`];
}

function tellCall(call: Judged, { times }: FaultRun): string {
  const { way, process, at, ms, loaderMs, loads, got, error } = call;
  const since = (moment: number) => `${Math.round(at - moment)} ms after`;
  const when =
    at < times.struckAt
      ? 'before the fault'
      : at < times.repairedAt
        ? `${since(times.struckAt)} the fault began`
        : `${since(times.repairedAt)} the repair`;
  const read = got.map(({ item, version, floor }) => `${item} = ${version} (>= ${floor})`).join(', ');
  const took = `${Math.round(ms)} ms (${loads} loads, ${Math.round(loaderMs)} ms)`;
  return [`${way} in process ${process}, ${when}, took ${took}`, read, error].filter(Boolean).join(', ');
}

function wrongOfReport({ unanswered, unhandled }: LoadReport, process: number): string[] {
  return [
    ...(unanswered.length === 0
      ? []
      : [`process ${process}: ${unanswered.length} calls were never answered: ${unanswered.join(', ')}`]),
    ...unhandled.map((text) => `process ${process}: unhandled ${text}`),
  ];
}

function wrongOfLeft(
  { footprints: { before, after, fresh }, stale, end }: Left,
  process: number,
  spareConnections: number,
): string[] {
  const kept = (['inFlight', 'commands', 'unwritten', 'evictions'] as const).filter(
    (name) => after[name] > 0,
  );
  const connections = Math.max(before.connections, fresh.connections) + spareConnections;
  const grown = after.heapBytes - before.heapBytes;
  return [
    ...kept.map((name) => `process ${process}: ${name} is ${after[name]} at the end`),
    ...(after.connections > connections
      ? [`process ${process}: ${after.connections} connections instead of ${connections}`]
      : []),
    ...(grown > HEAP_BYTES ? [`process ${process}: the heap has grown by ${grown} bytes`] : []),
    ...stale.map((text) => `process ${process}: left stale: ${text}`),
    ...(end === undefined ? [] : [`process ${process} ${end}`]),
  ];
}

function notesOn({ reports, left }: FaultRun, slowest: readonly string[]): string[] {
  const problems = new Map<string, number>();
  for (const report of reports) {
    for (const [text, count] of Object.entries(report.problems)) {
      problems.set(text, (problems.get(text) ?? 0) + count);
    }
  }
  return [
    ...slowest,
    `peaks: ${reports.map(({ peak }) => JSON.stringify(peak)).join(' ')}`,
    `heap, kB: ${left
      .map(
        ({ footprints: { before, after } }) =>
          `${kilobytes(before.heapBytes)} -> ${kilobytes(after.heapBytes)}`,
      )
      .join(', ')}`,
    `problems: ${[...problems].map(([text, count]) => `${count} x ${text}`).join('; ')}`,
  ];
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 1024);
}

/** A load that was none proves nothing: in every phase there must have been reads, writes, and loads. */
function idle({ times, reports }: FaultRun, calls: readonly Judged[]): string[] {
  const phases = {
    'during the fault': calls.filter(({ at }) => at >= times.struckAt && at < times.repairedAt),
    'after the repair': calls.filter(({ at }) => at >= times.repairedAt),
  };
  return reports.flatMap((_, process) =>
    Object.entries(phases).flatMap(([phase, all]) => {
      const own = all.filter((call) => call.process === process);
      const was = { read: false, write: false, load: false };
      for (const { kind, loads } of own) {
        was[kind] = true;
        was.load ||= loads > 0;
      }
      const missing = Object.entries(was).filter(([, happened]) => !happened);
      return missing.map(([what]) => `process ${process} did not ${what} ${phase}`);
    }),
  );
}

/** It may have waited for a process that is cut off, whose leases end by themselves, and have loaded then. */
function waitForOther({ process }: Judged, { concerns }: FaultRun): number {
  return concerns === undefined || concerns === process ? 0 : LEASE_MS;
}
