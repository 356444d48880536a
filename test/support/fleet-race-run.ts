import { until, type Fleet } from './fleet.js';
import type { EngineSpec, RaceSpec } from './fleet-protocol.js';

/** Long and dense enough that each mutant shows within a second or two on a slow machine. */
const DENSITY = { readers: 12, loaderMs: 12, writerMs: 20 };

/** What a connection says that a starved machine has broken. Nobody may read a stale value then, either. */
const LOSS =
  /Stream isn't writeable|MaxRetriesPerRequestError|Connection is closed|Command timed out|Socket timeout/;

export interface RaceOutcome {
  /** Of all processes together. */
  readonly figures: Readonly<Record<string, number>>;
  /** Every value that was older than it might be: of a read during the race, or still there after it. */
  readonly stale: readonly string[];
  /** What else the engines complained of. */
  readonly problems: readonly string[];
}

/** Lets all processes of a fleet race. Ends early when one has read a stale value. */
export async function race(
  fleet: Fleet,
  engine: EngineSpec,
  { source, durationMs }: Pick<RaceSpec, 'source' | 'durationMs'>,
): Promise<RaceOutcome> {
  const members = fleet.members.length;
  await fleet.each((member) => member.start(engine));
  const reports = await fleet.each(async (process, member) => {
    const report = await process.ask('runRace', { ...DENSITY, source, durationMs, member, members });
    if (report.violations.length > 0) await fleet.each((other) => other.ask('stopRace'));
    return report;
  });

  await until(async () => {
    const quiet = await fleet.each((member) => member.ask('isRaceQuiet'));
    return quiet.every(Boolean);
  });
  const audits = await fleet.each((member) => member.ask('audit', source, members));
  // An engine that has just started believes nobody but Redis.
  await fleet.members[0]?.start({ ...engine, mutant: undefined });
  const fresh = await fleet.members[0]?.ask('audit', source, members);

  const figures: Record<string, number> = {};
  for (const report of reports) {
    for (const [name, count] of Object.entries(report.figures)) figures[name] = (figures[name] ?? 0) + count;
  }
  return {
    figures,
    stale: [
      ...reports.flatMap(({ violations }) => violations.map((violation) => JSON.stringify(violation))),
      ...audits.flatMap(({ stale }, member) => stale.map((text) => `left in process ${member}: ${text}`)),
      ...(fresh?.stale ?? []).map((text) => `left in Redis: ${text}`),
    ],
    problems: [...new Set(reports.flatMap(({ problems }) => problems))].filter((text) => !LOSS.test(text)),
  };
}

/** Prints figures that are no assertion, as one line. */
export function print(title: string, figures: Readonly<Record<string, number | string>>): void {
  const parts = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`);
  process.stdout.write(`    ${title}: ${parts.join(', ')}\n`);
}
