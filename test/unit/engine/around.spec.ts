import { Around } from '../../../src/engine/around.js';

describe('what is called around work', () => {
  const open = () => {
    const thrown: unknown[] = [];
    return { around: new Around<string>((error) => thrown.push(error)), thrown };
  };
  /** Lets promises that nobody waits for settle. */
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };

  it('is around it, the last that was added outermost, until it is removed', async () => {
    const { around } = open();
    const steps: string[] = [];
    const add = (name: string) =>
      around.add(async (what, run) => {
        steps.push(`${name} begins ${what}`);
        await run();
        steps.push(`${name} ends`);
      });
    expect(around.active).toBe(false);
    const stop = add('a');
    add('b');
    const work = async () => steps.push('work');
    expect(await around.run('load', work)).toBe(3);
    await settle();
    expect(steps).toEqual(['b begins load', 'a begins load', 'work', 'a ends', 'b ends']);
    stop();
    steps.length = 0;
    await around.run('load', work);
    await settle();
    expect(steps).toEqual(['b begins load', 'work', 'b ends']);
  });

  it.each<[how: string, told: number, surround: (run: () => Promise<unknown>) => unknown]>([
    ['does not run it', 0, () => undefined],
    [
      'throws before it',
      1,
      () => {
        throw new Error('own');
      },
    ],
    [
      'throws after it',
      1,
      (run) => {
        void run();
        throw new Error('own');
      },
    ],
    ['runs it twice', 0, (run) => Promise.all([run(), run()])],
    ['rejects', 1, (run) => run().then(() => Promise.reject(new Error('own')))],
    ['gives something else', 0, () => 'another result'],
  ])('changes nothing if it %s', async (_, told, surround) => {
    const { around, thrown } = open();
    let runs = 0;
    around.add((_what, run) => surround(run));
    expect(await around.run('load', async () => (runs += 1))).toBe(1);
    expect(runs).toBe(1);
    await settle();
    expect(thrown).toEqual(Array.from({ length: told }, () => new Error('own')));
  });

  it('hands on the error of the work, and is not blamed for it', async () => {
    const { around, thrown } = open();
    const error = new Error('of the work');
    around.add((_, run) => run());
    await expect(around.run('load', () => Promise.reject(error))).rejects.toBe(error);
    await settle();
    expect(thrown).toEqual([]);
  });
});
