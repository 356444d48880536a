import { fork } from 'node:child_process';
import { once } from 'node:events';
import { contestantsOf } from '../contestants/index.mjs';
import { handLock } from '../contestants/hand-lock.mjs';
import { median } from '../support/measure.mjs';
import { atMost, short, target } from '../support/report.mjs';

const PROCESSES = 4;
const CALLERS = 1000;
const LOAD_MS = 50;
const WORKER = new URL('../workers/herd.mjs', import.meta.url);

/** Four processes, in each a thousand callers of one key that is not stored; the loader takes 50 ms. */
export const fleet = {
  name: 'fleet',
  async run(bench) {
    const names = [handLock, ...contestantsOf('fleet')]
      .map(({ name }) => name)
      // Everybody would load: 4,000 times.
      .filter((name) => name !== 'ioredis');
    const workers = await Promise.all(
      Array.from({ length: PROCESSES }, async () => {
        const worker = fork(WORKER, [bench.server.url, `${LOAD_MS}`, ...names]);
        await once(worker, 'message');
        return worker;
      }),
    );
    const trials = new Map(names.map((name) => [name, []]));
    for (let round = 0; round < bench.pick(16, 5); round++) {
      for (const name of names) {
        const trial = await herd(workers, name, `${round}`);
        // The first one opens connections and compiles.
        if (round > 0) trials.get(name).push(trial);
      }
    }
    for (const worker of workers) worker.kill();
    const rows = names.map((name) => ({
      contestant: name,
      loads: Math.max(...trials.get(name).map(({ loads }) => loads)),
      'last caller ms': short(median(trials.get(name).map(({ elapsed }) => elapsed))),
      least: short(Math.min(...trials.get(name).map(({ elapsed }) => elapsed))),
      most: short(Math.max(...trials.get(name).map(({ elapsed }) => elapsed))),
    }));
    const own = trials.get('nestjs-roost');
    const loads = Math.max(...own.map((trial) => trial.loads));
    return {
      tables: [{ title: `${PROCESSES} processes × ${CALLERS} callers, ${LOAD_MS} ms loader`, rows }],
      targets: [
        target('4 × 1,000 callers: loads', '1', `${loads}`, loads === 1),
        atMost('… last caller has its value', 58, median(own.map(({ elapsed }) => elapsed)), ' ms'),
      ],
      data: rows,
    };
  },
};

/** All processes begin at one moment; it is over when the last caller has its value. */
async function herd(workers, name, id) {
  const at = Date.now() + 30;
  const answers = await Promise.all(
    workers.map(async (worker) => {
      worker.send({ name, id, at, callers: CALLERS });
      const [answer] = await once(worker, 'message');
      return answer;
    }),
  );
  return {
    loads: answers.reduce((sum, { loads }) => sum + loads, 0),
    elapsed: Math.max(...answers.map(({ endedAt }) => endedAt)) - at,
  };
}
