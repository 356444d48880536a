import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Cacheable, CacheModule, defineCache, key } from '../../src/index.js';
import { CacheWarmup, CacheWarmupModule, warm, WarmupService, type Warmup } from '../../src/warmup/index.js';
import type { WarmupTold, WarmupWork } from './fleet-warmup-messages.js';

// The program of one instance of an application with a warmup, see test/fleet/warmup.spec.ts.

const { url, namespace, ids, hangsAt } = JSON.parse(process.env['WARMUP_WORK'] ?? '{}') as WarmupWork;
const items = defineCache({ name: 'items', key: (id: string) => key`item:${id}`, ttl: '5m' });

function tell(told: WarmupTold): void {
  if (process.connected) process.send?.(told);
}

@Injectable()
class Items {
  @Cacheable(items)
  async find(id: string): Promise<string> {
    tell({ kind: 'loading', id });
    if (id === hangsAt) await new Promise(() => undefined);
    return id;
  }
}

@Injectable()
class Warmups {
  constructor(@Inject(Items) private readonly service: Items) {}

  @CacheWarmup({ name: 'items', cron: '0 0 1 1 *', concurrency: 1 })
  items(): Warmup {
    return warm(ids, (id) => this.service.find(id));
  }
}

@Module({
  imports: [
    CacheModule.forRoot({ namespace, redis: { url, deadline: 2_000 }, lease: { ttl: '500ms' } }),
    CacheWarmupModule.forRoot({ lease: '500ms' }),
    ScheduleModule.forRoot(),
  ],
  providers: [Items, Warmups],
})
class AppModule {}

let isEnding = false;
const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.get(WarmupService).subscribe(({ kind, done, outcome, reason }) => {
  tell({ kind: 'event', event: kind, done, outcome, reason });
});

process.on('message', (command: 'tick' | 'end') => {
  if (command === 'tick') {
    const job = app.get(SchedulerRegistry, { strict: false }).getCronJob('cache-warmup:items');
    // As if its time had come.
    const { now } = Date;
    const at = job.nextDate().toMillis();
    Date.now = () => at;
    void job.fireOnTick();
    Date.now = now;
  } else {
    isEnding = true;
    void app.close().then(() => process.disconnect());
  }
});
process.on('disconnect', () => {
  // The parent is gone. Else nothing but what the library may have left open holds up the process.
  if (!isEnding) process.exit(1);
});
tell({ kind: 'event', event: 'ready' });
