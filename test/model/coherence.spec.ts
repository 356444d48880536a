/**
 * A model-based test: fast-check makes up commands, and a simple sequential model says what each read may give. In
 * memory, and with two engines that share one real Redis: every command, reply and bus message between them moves when
 * a command says so, as loads end and time passes. So evictions land before, within and after everything else.
 *
 * The source never gives the same version twice: whatever was loaded or put before an eviction began is old once the
 * eviction is acknowledged, and in the other process once its message has come.
 *
 * The seed of each run is printed. `FC_SEED=… npm test -- test/model` repeats it. When a run fails, fast-check tells
 * the shortest commands that fail, a `path` and a `replayPath`: with them in FC_PATH and FC_REPLAY_PATH, and the
 * test's name behind `-t`, only these run. FC_RUNS sets how many runs there are.
 */
import * as fc from 'fast-check';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { commands } from './support/commands.js';
import { FLAVOURS } from './support/flavours.js';
import { parametersOf } from './support/parameters.js';
import { Processes, type ProcessesOptions } from './support/processes.js';
import { run } from './support/run.js';

const TIMEOUT_MS = 300_000;

const someFlavours = fc.uniqueArray(fc.constantFrom(...FLAVOURS.map(({ name }) => name)), {
  minLength: 1,
  maxLength: 2,
});

/** Checks that many runs, each with items of its own. */
async function check(options: ProcessesOptions, title: string, numRuns: number): Promise<void> {
  const processes = await Processes.start(options);
  try {
    const property = fc.asyncProperty(someFlavours, commands, (names, made) => {
      const flavours = names.map((name) => FLAVOURS.find((flavour) => flavour.name === name)!);
      return run(processes, flavours, made);
    });
    await fc.assert(property, parametersOf(title, numRuns));
  } finally {
    await processes.stop();
  }
}

describe.each([
  { who: 'callers that wait for each other', arePatient: true },
  { who: 'callers that soon load by themselves', arePatient: false },
])('$who never read what an eviction has made old', ({ who, arePatient }) => {
  describe('in two processes on one Redis', () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await startRedisServer();
    });

    afterAll(() => redis.stop());

    it('whatever is overtaken by what', () => check({ urls: [redis.url], arePatient }, who, 200), TIMEOUT_MS);
  });

  it('in memory', () => check({ arePatient }, who, 1_000), TIMEOUT_MS);
});
