import * as fc from 'fast-check';
import type { Ledger } from './ledger.js';
import type { Call, Scene } from './scene.js';

/** One of the directions in which something can move, and how much of it does. */
interface Move {
  readonly which: number;
  readonly count: number;
}

/**
 * How far things go on after a call has begun: not at all; as far as its process gets with Redis alone, or that many
 * half round trips of it; as far as all get; or some moves of anybody.
 */
export type Pace = 'begun' | 'alone' | 'all' | number | readonly Move[];

export const paces: fc.Arbitrary<Pace> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Pace>('begun') },
  { weight: 5, arbitrary: fc.constant<Pace>('alone') },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 2, arbitrary: fc.constant<Pace>('all') },
  {
    weight: 3,
    arbitrary: fc.array(fc.record({ which: fc.nat(11), count: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 8,
    }),
  },
);

/** One command: something is done, a call perhaps, and then things go on for a while. */
export class Step implements fc.AsyncCommand<Ledger, Scene> {
  constructor(
    private readonly text: string,
    private readonly pace: Pace,
    private readonly act: (scene: Scene) => Call | Promise<void> | void,
    private readonly isPossible: (ledger: Readonly<Ledger>) => boolean = () => true,
  ) {}

  check(ledger: Readonly<Ledger>): boolean {
    return this.isPossible(ledger);
  }

  async run(_ledger: Ledger, scene: Scene): Promise<void> {
    const begun = await this.act(scene);
    await scene.processes.settle();
    if (this.pace === 'all') await scene.drain();
    else if (this.pace === 'alone') await scene.goOn(begun || undefined, Infinity);
    else if (typeof this.pace === 'number') await scene.goOn(begun || undefined, this.pace);
    else if (this.pace !== 'begun') for (const move of this.pace) await go(scene, move);
    scene.throwFaults();
  }

  toString(): string {
    const { pace } = this;
    const rest = Array.isArray(pace)
      ? pace.map(({ which, count }) => `${which}×${count}`).join(' ')
      : String(pace);
    return `${this.text} [${rest}]`;
  }
}

/** Moves one thing. Which, of those that can move. */
async function go({ processes }: Scene, { which, count }: Move): Promise<void> {
  const moves = processes.all.flatMap((process) =>
    (process.line?.ways ?? []).map((way) => ({ process, way })),
  );
  const move = moves[which % Math.max(moves.length, 1)];
  if (move === undefined) return;
  const { process, way } = move;
  if (way.kind === 'carry') await processes.carry(process, count, way.lane);
  else if (way.kind === 'answer') process.line?.answer(count, way.lane);
  else process.line?.hear(count);
  await processes.settle();
}
