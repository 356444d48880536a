import { Injectable } from '@nestjs/common';
import { CacheWarmup, warm, type Warmup } from 'nestjs-roost/warmup';
import { Gate } from '../../support/engine.js';
import { WarmupApp } from './support/warmup-app.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'warmup.end': number;
  }
}

@Injectable()
class Warmups {
  each: (item: unknown, signal: AbortSignal) => unknown = () => undefined;

  @CacheWarmup({ name: 'long', cron: '0 0 * * *', concurrency: 1 })
  long(): Warmup {
    return warm(['1', '2', '3'], (item, { signal }) => this.each(item, signal));
  }

  @CacheWarmup({ name: 'low', priority: 'low' })
  low(): Warmup {
    return this.long();
  }

  @CacheWarmup({ name: 'event', on: 'warmup.end', concurrency: 1 })
  event(item: number): Warmup {
    return warm([item], (_, { signal }) => this.each(item, signal));
  }
}

describe('an application that ends', () => {
  const begin = async (shutdownDeadline: '0s' | '1h') => {
    const app = await WarmupApp.make([Warmups], { warmup: { shutdownDeadline } });
    await app.module.init();
    return { app, warmups: app.get(Warmups) };
  };

  it('waits for items under way, and begins none', async () => {
    const { app, warmups } = await begin('1h');
    const [hold, begun] = [new Gate<void>(), new Gate<AbortSignal>()];
    const items: unknown[] = [];
    warmups.each = (item, signal) => {
      items.push(item);
      begun.resolve(signal);
      return hold.promise;
    };
    const running = app.warmups.run('long');
    const waiting = app.warmups.run('low');
    const signal = await begun.promise;
    let isClosed = false;
    const closing = app.module.close().then(() => (isClosed = true));
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    hold.resolve();
    await closing;
    expect(await running).toMatchObject({ outcome: 'stopped', reason: 'the application ends', done: 1 });
    expect(await waiting).toMatchObject({ outcome: 'skipped', reason: 'the application ends' });
    expect(items).toEqual(['1']);
  });

  it('lets go of items that hang, when its deadline is over', async () => {
    const { app, warmups } = await begin('0s');
    const begun = new Gate<void>();
    warmups.each = () => {
      begun.resolve();
      return new Promise(() => undefined);
    };
    const running = app.warmups.run('long');
    await begun.promise;
    await app.module.close();
    expect(await running).toMatchObject({ outcome: 'stopped', done: 0 });
  });

  it('drops events that wait, takes none, and runs nothing more', async () => {
    const { app, warmups } = await begin('1h');
    const [hold, begun] = [new Gate<void>(), new Gate<void>()];
    const items: unknown[] = [];
    warmups.each = (item) => {
      items.push(item);
      begun.resolve();
      return hold.promise;
    };
    await app.caches.emit('warmup.end', 1);
    await begun.promise;
    await app.caches.emit('warmup.end', 2);
    const closing = app.module.close();
    hold.resolve();
    await closing;
    expect(items).toEqual([1]);
    for (const name of ['long', 'event']) {
      expect(await app.warmups.run(name, 3)).toMatchObject({
        outcome: 'skipped',
        reason: 'the application ends',
      });
    }
    expect(app.registry.getCronJobs().size).toBe(0);
    expect(items).toEqual([1]);
  });
});
