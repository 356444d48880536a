import type { BoundCache } from '../../../src/engine/bound-cache.js';
import { Flights } from '../../../src/engine/flights.js';
import { Generations } from '../../../src/engine/generations.js';
import type { ReadRequest } from '../../../src/engine/read-request.js';

describe('flights', () => {
  const cache = { name: 'bots' } as BoundCache;
  let generations: Generations;
  let flights: Flights<string>;

  const noted = (key: string, tags: readonly string[] = []) =>
    ({ cache, ...generations.note(key, tags) }) as ReadRequest;
  const forEver = () => new Promise<string>(() => undefined);

  beforeEach(() => {
    generations = new Generations();
    flights = new Flights(generations, { max: 60_000, wait: 60_000 });
  });

  it('are joined by key until they land', async () => {
    let land!: (value: string) => void;
    const flight = flights.start(noted('a'), () => new Promise((resolve) => (land = resolve)));
    expect(flights.find(cache, 'a')?.outcome).toBe(flight);
    expect(flights.find(cache, 'b')).toBeUndefined();
    land('value');
    await flight;
    expect(flights.find(cache, 'a')).toBeUndefined();
    expect(flights.size).toBe(0);
  });

  it.each<[string, () => void]>([
    ['its key', () => generations.endKey('a')],
    ['one of its tags', () => generations.endTag('t')],
    ['everything', () => generations.endAll()],
  ])('are not joined after an eviction of %s', (_, evict) => {
    void flights.start(noted('a', ['t']), forEver);
    evict();
    expect(flights.find(cache, 'a')).toBeUndefined();
  });

  it('of another cache are not joined, though the key is equal', () => {
    void flights.start(noted('a'), forEver);
    expect(flights.find({ name: 'others' } as BoundCache, 'a')).toBeUndefined();
  });

  it('are not joined after an eviction of any tag: the entry may carry it', () => {
    void flights.start(noted('a'), forEver);
    generations.endTag('another');
    expect(flights.find(cache, 'a')).toBeUndefined();
  });

  it('are joined after an eviction of another key', () => {
    const flight = flights.start(noted('a', ['t']), forEver);
    generations.endKey('another');
    expect(flights.find(cache, 'a')?.outcome).toBe(flight);
  });

  it('are not joined when they have lasted too long', () => {
    flights = new Flights(generations, { max: 0, wait: 60_000 });
    void flights.start(noted('a'), forEver);
    expect(flights.find(cache, 'a')).toBeUndefined();
  });

  it('are waited for a limited time by those who have joined', async () => {
    flights = new Flights(generations, { max: 60_000, wait: 1 });
    void flights.start(noted('a'), forEver);
    expect(await flights.find(cache, 'a')?.joined()).toBeUndefined();
  });

  it('tell all who have joined how they end', async () => {
    const error = new Error('gone');
    let fail!: (error: Error) => void;
    const flight = flights.start(noted('a'), () => new Promise((_, reject) => (fail = reject)));
    const joined = [1, 2].map(() => flights.find(cache, 'a')!.joined());
    fail(error);
    for (const each of [flight, ...joined]) await expect(each).rejects.toBe(error);
  });

  it('that were overtaken leave the place of their successor alone when they land', async () => {
    let land!: (value: string) => void;
    const first = flights.start(noted('a'), () => new Promise((resolve) => (land = resolve)));
    generations.endKey('a');
    const second = flights.start(noted('a'), forEver);
    land('old');
    await first;
    expect(flights.find(cache, 'a')?.outcome).toBe(second);
  });
});
