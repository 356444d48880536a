import type { Sample } from './sample.js';

/** Milliseconds: what `/health` promises, whatever the state of Redis and the database. */
export const HEALTH_BOUND_MS = 300;

export interface Health {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds until the answer. */
  readonly elapsed: number;
}

export async function askHealth(sample: Sample, path = '/health'): Promise<Health> {
  const start = performance.now();
  const { status, body } = await sample.anonymously().get(path);
  return { status, body, elapsed: performance.now() - start };
}

/** The fastest of some answers. On a machine that others keep busy one may be late; a deadline that is wrong makes all late. */
export function fastest<T extends Health>(answers: readonly T[]): T | undefined {
  return answers.toSorted((a, b) => a.elapsed - b.elapsed)[0];
}
