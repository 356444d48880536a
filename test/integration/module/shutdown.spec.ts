import type { LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheModule, CacheService, defineCache, key } from 'nestjs-roost';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });

describe('the end of an application', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  it('warns of nothing when nothing is wrong', async () => {
    const told: unknown[] = [];
    const warned: unknown[] = [];
    const logger: LoggerService = {
      log: (line) => told.push(line),
      warn: (line) => warned.push(line),
      error: (line) => warned.push(line),
    };
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'shutdown', redis: server.url })],
    })
      .setLogger(logger)
      .compile();
    await module.init();
    const service = module.get(CacheService);
    expect(service.status()).toMatchObject({ bus: { state: 'armed' } });
    await service.cache(bots).set(['1'], 'Ada');
    await module.close();
    expect(service.status()).toMatchObject({ bus: { state: 'broken' } });
    expect(told).toContainEqual(expect.stringContaining('namespace shutdown'));
    expect(warned).toEqual([]);
  });
});
