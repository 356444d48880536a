import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { CacheModule, CacheService, defineCache, key } from 'nestjs-roost';
import { CacheTracingModule, type CacheTracingOptions } from 'nestjs-roost/opentelemetry';
import { AsyncContextManager, RecordingProvider } from '../../support/recording-tracer.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

Logger.overrideLogger(false);

const bots = defineCache<[id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '1m',
  l1: false,
});

describe('CacheTracingModule', () => {
  const manager = new AsyncContextManager();
  let server: RedisServer;
  let provider: RecordingProvider;
  let app: TestingModule | undefined;

  beforeAll(async () => {
    context.setGlobalContextManager(manager);
    server = await startRedisServer();
  });

  afterAll(async () => {
    context.disable();
    trace.disable();
    await server.stop();
  });

  beforeEach(() => {
    provider = new RecordingProvider(manager);
  });

  afterEach(() => app?.close());

  let namespaces = 0;
  const start = async (options: CacheTracingOptions = {}, redis: string | undefined = server.url) => {
    const cache = {
      namespace: `test:${(namespaces += 1)}`,
      ...(redis !== '' && { redis: { url: redis, deadline: 5000 } }),
    };
    app = await Test.createTestingModule({
      imports: [
        CacheModule.forRoot(cache),
        CacheTracingModule.forRoot({ tracerProvider: provider, ...options }),
      ],
    }).compile();
    await app.init();
    return app.get(CacheService);
  };
  /** Inside of a span, as a request is. */
  const inRequest = <T>(work: () => Promise<T>): Promise<T> =>
    provider.getTracer().startActiveSpan('request', async (span) => {
      try {
        return await work();
      } finally {
        span.end();
      }
    });
  const names = () => provider.spans.map(({ name, parent }) => `${parent ?? ''} > ${name}`);

  it('puts a load and operations on Redis into spans, and what the loader does into that of the load', async () => {
    const service = await start();
    const load = () => inRequest(() => Promise.resolve('loaded'));
    await inRequest(() => service.cache(bots).getOrLoad(['1'], load));
    await inRequest(() => service.cache(bots).get('1'));
    expect(names()).toEqual([
      ' > request',
      'request > redis read',
      'request > redis tokens',
      'request > redis acquire',
      'request > load bots',
      'load bots > request',
      'request > redis store',
      ' > request',
      'request > redis read',
    ]);
    expect(provider.spans.every(({ ended }) => ended)).toBe(true);
    expect(provider.spans[4]).toMatchObject({
      kind: SpanKind.INTERNAL,
      attributes: { 'nestjs_roost.cache': 'bots', 'nestjs_roost.key_count': 1 },
      status: undefined,
    });
    expect(provider.spans[1]).toMatchObject({
      kind: SpanKind.CLIENT,
      attributes: { 'db.system.name': 'redis', 'nestjs_roost.operation': 'read' },
    });
    expect(JSON.stringify(provider.spans)).not.toContain('bot:1');
  });

  it('makes no span of what is done on Redis outside of any', async () => {
    const service = await start();
    await service.cache(bots).get('1');
    await service.disable('bots');
    expect(names()).toEqual([]);
  });

  it('marks a load that fails, and hands its error on', async () => {
    const service = await start();
    const error = new Error('gone');
    const failing = service.cache(bots).getOrLoad(['1'], () => Promise.reject(error));
    await expect(failing).rejects.toBe(error);
    expect(provider.spans).toMatchObject([
      { name: 'load bots', status: SpanStatusCode.ERROR, exceptions: [error], ended: true },
    ]);
  });

  it('has one span for a call that loads many, with their keys if they may be shown', async () => {
    const service = await start({ keys: true, redis: false }, '');
    await inRequest(() => service.cache(bots).getOrLoadMany([['1'], ['2']], () => ['one', 'two']));
    expect(names()).toEqual([' > request', 'request > load bots']);
    expect(provider.spans[1]!.attributes).toMatchObject({
      'nestjs_roost.key_count': 2,
      'nestjs_roost.keys': ['bot:1', 'bot:2'],
    });
  });

  it('asks the provider that is registered, even if that comes later', async () => {
    app = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'test' }), CacheTracingModule.forRoot({})],
    }).compile();
    await app.init();
    const cache = app.get(CacheService).cache(bots);
    expect(await cache.getOrLoad(['1'], () => 'before')).toBe('before');
    trace.setGlobalTracerProvider(provider);
    await cache.getOrLoad(['2'], () => 'after');
    expect(names()).toEqual([' > load bots']);
  });

  it('makes no spans after the application has ended', async () => {
    const service = await start({}, '');
    const cache = service.cache(bots);
    await app!.close();
    app = undefined;
    await cache.getOrLoad(['1'], () => 'loaded');
    expect(names()).toEqual([]);
  });

  it('does the work though the provider fails', async () => {
    const getTracer = () => ({
      startSpan: () => {
        throw new Error('no spans today');
      },
      startActiveSpan: () => {
        throw new Error('no spans today');
      },
    });
    const service = await start({ tracerProvider: { getTracer } });
    expect(await service.cache(bots).getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(await service.cache(bots).get('1')).toBe('loaded');
  });

  it('refuses options that are none', async () => {
    await expect(start({ key: true } as CacheTracingOptions, '')).rejects.toThrow(
      'Expected options of CacheTracingModule among `tracerProvider`',
    );
  });
});
