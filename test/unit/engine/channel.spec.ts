import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Channel } from '../../../src/engine/channel.js';
import { CacheEvents } from '../../../src/engine/events.js';
import { startEngine } from '../../support/engine.js';

interface Event {
  readonly id: number;
}

describe('a channel', () => {
  const open = (name = 'of-a-test') => {
    const thrown: unknown[] = [];
    return { channel: new Channel<Event>(name, 'prod:bots', (error) => thrown.push(error)), thrown };
  };

  it('tells all that listen, until they stop, and each as often as it was added', () => {
    const { channel } = open();
    const heard: string[] = [];
    const listener = ({ id }: Event) => heard.push(`a${id}`);
    expect(channel.active).toBe(false);
    const stops = [channel.subscribe(listener), channel.subscribe(listener)];
    channel.subscribe(({ id }) => heard.push(`b${id}`));
    channel.emit({ id: 1 });
    stops[0]!();
    stops[0]!();
    channel.emit({ id: 2 });
    expect(heard).toEqual(['a1', 'a1', 'b1', 'a2', 'b2']);
    expect(channel.active).toBe(true);
  });

  it('tells the others what one throws or rejects with, and whoever emits nothing', async () => {
    const { channel, thrown } = open();
    const heard: number[] = [];
    channel.subscribe(() => {
      throw new Error('thrown');
    });
    const rejects: () => unknown = () => Promise.reject(new Error('rejected'));
    channel.subscribe(rejects);
    channel.subscribe(({ id }) => heard.push(id));
    channel.emit({ id: 1 });
    await Promise.resolve();
    expect(heard).toEqual([1]);
    expect(thrown).toEqual([new Error('thrown'), new Error('rejected')]);
  });

  it('is published on node:diagnostics_channel, with the namespace, while somebody subscribes there', () => {
    const { channel } = open('published');
    const messages: unknown[] = [];
    const hear = (message: unknown) => messages.push(message);
    channel.emit({ id: 1 });
    subscribe('nestjs-roost:published', hear);
    expect(channel.active).toBe(true);
    channel.emit({ id: 2 });
    unsubscribe('nestjs-roost:published', hear);
    expect(channel.active).toBe(false);
    channel.emit({ id: 3 });
    expect(messages).toEqual([{ namespace: 'prod:bots', id: 2 }]);
  });
});

describe('a listener that throws', () => {
  const fails = () => {
    throw new Error('of the listener');
  };

  it('fails no read, load, put or eviction, and is told as a problem', async () => {
    const engine = await startEngine();
    const { events } = engine.runtime;
    for (const channel of [events.reads, events.loads, events.stores, events.evictions])
      channel.subscribe(fails);
    const cache = engine.cache<string>();
    expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(await cache.getOrLoad(['1'], () => 'again')).toBe('loaded');
    await cache.set(['2'], 'put');
    await cache.evict('1');
    await cache.clear();
    expect(await cache.get('2')).toBeUndefined();
    expect(engine.problems.map(({ operation }) => operation)).toContain('listener');
    expect(engine.problems).toHaveLength(8);
    await engine.runtime.close();
  });

  it('of problems is not told of its own', () => {
    const events = new CacheEvents();
    const problems: unknown[] = [];
    events.problems.subscribe(fails);
    events.problems.subscribe(({ operation }) => problems.push(operation));
    events.problems.emit({ operation: 'store', error: new Error('x') });
    expect(problems).toEqual(['store']);
  });
});
