import { setTimeout as delay } from 'node:timers/promises';
import { PROCESSES, type Place } from './fault-place.js';
import { FaultProcess } from './fault-process.js';
import type { Footprint, Gauges, LoadReport } from './fault-protocol.js';

/** How long the load runs before the fault, and after the repair, when everything is well again. */
const BEFORE_MS = 500;
const AFTER_MS = 500;
const LASTS_MS = 1500;
/** How long the end of a fault is waited for. What takes longer is told, and the test goes on. */
const PATIENCE_MS = 7000;
const LOOK_EVERY_MS = 20;
const NAMESPACE = 'faults';

/** Something that goes wrong with a Redis, and is put right again. */
export interface Fault<At extends Place> {
  readonly name: string;
  /** Where it happens: started before the processes are. */
  readonly place: () => Promise<At>;
  /** Whether it is so from the start of the processes on. @default false */
  readonly atStart?: boolean;
  /**
   * Whether a process can't tell Redis what it evicts, or Redis may forget that: then the other process may miss
   * that until it has been made good. @default true
   */
  readonly apart?: boolean;
  readonly strike: (at: At, processes: readonly FaultProcess[]) => unknown;
  /** How long it lasts, milliseconds. @default 1500 */
  readonly lastsMs?: number;
  /** Resolves when nothing is wrong with Redis any more. */
  readonly repair: (at: At, processes: readonly FaultProcess[]) => unknown;
  /** How long the fault itself stops a process from doing anything, milliseconds. @default 0 */
  readonly stopsMs?: number;
  /** The only process that it concerns: it may hold leases that the others wait for. */
  readonly concerns?: number;
  /** Connections that may be left for a while: to a node that is no master any more. @default 0 */
  readonly spareConnections?: number;
  /** How wrong the clock of that process is from its start on, milliseconds. @default 0 */
  readonly clockOffset?: (member: number) => number;
  /** What else must be so: tells what is not. */
  readonly check?: (run: FaultRun) => readonly string[];
}

/** What happened when, in milliseconds since the epoch. */
export interface FaultTimes {
  readonly struckAt: number;
  readonly repairedAt: number;
  /** When all processes were as before; `undefined` when they never were. */
  readonly wellAt: number | undefined;
}

/** What is left when all is over, in one process. */
export interface Left {
  /** Before the fault, under load; at the end, without; and of an engine that has just been started. */
  readonly footprints: { readonly before: Footprint; readonly after: Footprint; readonly fresh: Footprint };
  /** What this process would still serve that the source does not say. */
  readonly stale: readonly string[];
  /** What was wrong with the way it ended. */
  readonly end: string | undefined;
}

/** All that a run has shown. */
export interface FaultRun {
  readonly fault: string;
  readonly apart: boolean;
  readonly stopsMs: number;
  readonly concerns: number | undefined;
  readonly spareConnections: number;
  readonly times: FaultTimes;
  readonly reports: readonly LoadReport[];
  readonly left: readonly Left[];
}

/** Two processes under load, through before, fault and repair. */
export async function runFault<At extends Place>(
  worker: string,
  source: string,
  fault: Fault<At>,
): Promise<FaultRun> {
  const place = await fault.place();
  const processes = Array.from({ length: PROCESSES }, () => new FaultProcess(worker));
  try {
    const each = <T>(act: (process: FaultProcess, member: number) => Promise<T>) =>
      Promise.all(processes.map(act));
    await each((process) => process.ready());
    if (fault.atStart) await fault.strike(place, processes);
    let struckAt = Date.now();
    await each((process, member) =>
      process.ask('start', {
        redis: place.redis(member),
        namespace: NAMESPACE,
        source,
        member,
        members: PROCESSES,
        clockOffsetMs: fault.clockOffset?.(member) ?? 0,
      }),
    );
    if (!fault.atStart && (await whenAll(processes, (process) => process.ask('isWell'))) === undefined) {
      throw new Error(`Not even before the fault was everything well within ${PATIENCE_MS} ms.`);
    }
    await each((process) => process.ask('startLoad'));
    if (!fault.atStart) await delay(BEFORE_MS);
    const before = await each((process) => process.ask('footprint'));
    if (!fault.atStart) {
      struckAt = Date.now();
      await fault.strike(place, processes);
    }
    await delay(Math.max(0, struckAt + (fault.lastsMs ?? LASTS_MS) - Date.now()));
    await fault.repair(place, processes);
    const repairedAt = Date.now();
    const wellAt = await whenAll(processes, (process) => process.ask('isWell'));
    await delay(AFTER_MS);
    const reports = await each((process) => process.ask('stopLoad'));

    await whenAll(processes, async (process) => (await process.ask('audit')).stale.length === 0);
    const audits = await each((process) => process.ask('audit'));
    // Looked at until nothing is left: a heartbeat may be under way at any one moment.
    const idle: Gauges[] = [];
    await whenAll(processes, async (process, member) => {
      const gauges = (idle[member] = await process.ask('gauges'));
      return gauges.inFlight + gauges.commands + gauges.unwritten + gauges.evictions === 0;
    });
    const after = await each((process) => process.ask('footprint'));
    await each((process) => process.ask('restart'));
    const freshAudits = await each((process) => process.ask('audit'));
    const fresh = await each((process) => process.ask('footprint'));
    const ends = await each((process) => process.stop());
    return {
      fault: fault.name,
      apart: fault.apart ?? true,
      stopsMs: fault.stopsMs ?? 0,
      concerns: fault.concerns,
      spareConnections: fault.spareConnections ?? 0,
      times: { struckAt, repairedAt, wellAt },
      reports,
      left: processes.map((_, i) => ({
        footprints: { before: before[i]!, after: { ...after[i]!, ...idle[i]! }, fresh: fresh[i]! },
        stale: [
          ...(audits[i]?.stale ?? []),
          ...(freshAudits[i]?.stale ?? []).map((text) => `${text}, for a new engine`),
        ],
        end: ends[i],
      })),
    };
  } finally {
    await Promise.allSettled(processes.map((process) => process.stop()));
    await place.stop();
  }
}

/** When the check held for all at once, in milliseconds since the epoch; `undefined` when it did not in time. */
async function whenAll(
  processes: readonly FaultProcess[],
  check: (process: FaultProcess, member: number) => Promise<boolean>,
): Promise<number | undefined> {
  const until = Date.now() + PATIENCE_MS;
  do {
    const held = await Promise.all(processes.map(check));
    if (held.every(Boolean)) return Date.now();
    await delay(LOOK_EVERY_MS);
  } while (Date.now() < until);
  return undefined;
}
