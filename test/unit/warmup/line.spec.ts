import { WarmupLine, type Place } from '../../../src/warmup/warmup.line.js';
import { settle } from './support/fake-timing.js';

describe('the line of warmups', () => {
  const line = () => new WarmupLine();
  const { signal } = new AbortController();

  /** Notes who is at the front, in the order in which that happens. */
  const note = (order: string[], name: string, place: Place) =>
    place.turn(signal).then(() => {
      order.push(name);
      place.leave();
    });

  it('has high before medium before low, and equals in the order in which they came', async () => {
    const warmups = line();
    const first = warmups.join('high');
    await first.turn(signal);
    const order: string[] = [];
    const all = (['low', 'medium', 'high', 'low', 'high', 'medium'] as const).map((priority, i) =>
      note(order, `${priority} ${i}`, warmups.join(priority)),
    );
    await settle();
    first.leave();
    await Promise.all(all);
    expect(order).toEqual(['high 2', 'high 4', 'medium 1', 'medium 5', 'low 0', 'low 3']);
  });

  it('lets one of higher priority in between, and goes on after it', async () => {
    const warmups = line();
    const low = warmups.join('low');
    await low.turn(signal);
    const high = warmups.join('high');
    let isTurn = false;
    const waiting = low.turn(signal).then(() => (isTurn = true));
    await high.turn(signal);
    await settle();
    expect(isTurn).toBe(false);
    high.leave();
    await waiting;
    expect(isTurn).toBe(true);
  });

  it('wakes all items of the run that is next', async () => {
    const warmups = line();
    const [first, second] = [warmups.join('high'), warmups.join('high')];
    const waiting = Promise.all([second.turn(signal), second.turn(signal)]);
    first.leave();
    first.leave();
    await waiting;
  });

  it('holds up nobody who is to stop', async () => {
    const warmups = line();
    warmups.join('high');
    const stop = new AbortController();
    const waiting = warmups.join('low').turn(stop.signal);
    stop.abort();
    await waiting;
  });
});
