import type * as fc from 'fast-check';
import { print } from '../../support/fleet-race-run.js';

/** What repeats a run: `FC_SEED`, and from the report of a failure `FC_PATH` and `FC_REPLAY_PATH`. */
const { FC_SEED, FC_PATH, FC_REPLAY_PATH, FC_RUNS } = process.env;

/** How a property is to be checked, with the seed printed. */
export function parametersOf<T>(title: string, numRuns: number): fc.Parameters<T> {
  const seed = FC_SEED === undefined ? Date.now() % 2 ** 31 : Number(FC_SEED);
  const runs = FC_RUNS === undefined ? numRuns : Number(FC_RUNS);
  print(title, { seed, runs });
  return { seed, numRuns: runs, ...(FC_PATH !== undefined && { path: FC_PATH }) };
}

/** For `fc.commands`, which has a path of its own. */
export const replay = FC_REPLAY_PATH === undefined ? {} : { replayPath: FC_REPLAY_PATH };
