import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { NestFactory } from '@nestjs/core';
import type { Cache as CacheManager } from 'cache-manager';
import { CacheModule, CacheService, defineCache, key } from '../../src/index.js';

// The program of a Nest application with calls all the time, see `FaultApp`. Told to `close`, or by SIGTERM, it ends.

const CALL_EVERY_MS = 5;
const ITEMS = 20;

class AppModule {}

const items = defineCache({ name: 'items', key: (id: string) => key`item:${id}`, ttl: '1s' });

const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [CacheModule.forRoot({ namespace: 'faults', redis: process.env['FAULT_REDIS'] })],
  },
  { logger: false },
);
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.get(CacheService).ready();

const cache = app.get(CacheService).cache(items);
const manager = app.get<CacheManager>(CACHE_MANAGER);
let turn = 0;
const calls = setInterval(() => {
  const id = String((turn += 1) % ITEMS);
  const all = [cache.getOrLoad([id], () => 'value'), manager.wrap(id, () => 'value')];
  if (turn % ITEMS === 0) all.push(cache.set([id], 'value').then(() => 'value'));
  for (const call of all) void call.then(() => undefined);
}, CALL_EVERY_MS);

process.on('message', () => {
  // Calls that come while the application ends are answered, too; then there are none, as without requests.
  void app.close().then(() => {
    clearInterval(calls);
    process.disconnect();
  });
});
process.send?.('started');
