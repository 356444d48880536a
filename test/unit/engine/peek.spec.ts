import { defineCache } from '../../../src/definition/define-cache.js';
import { key } from '../../../src/definition/template.js';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { startEngine } from '../../support/engine.js';

const bots = defineCache({ name: 'peeked', key: (id: string) => key`bot:${id}`, ttl: '5m' });

describe('a look at an entry', () => {
  let close: (() => Promise<void>) | undefined;

  const start: typeof startEngine = async (options) => {
    const engine = await startEngine(options);
    close = () => engine.runtime.close();
    return engine;
  };

  afterEach(() => close?.());

  it('finds its value, or nothing', async () => {
    const { runtime } = await start();
    const { engine } = runtime;
    await engine.calls.put(engine.bind(bots), ['1'], 'Ada');
    expect(await engine.peek(bots, ['1'])).toEqual({ kind: 'stored', value: 'Ada' });
    expect(await engine.peek(bots, ['2'])).toEqual({ kind: 'nothing' });
  });

  it('does not take a store that could not be asked for one that has nothing', async () => {
    const { runtime } = await start({ redis: 'redis://127.0.0.1:1' });
    expect(await runtime.engine.peek(bots, ['1'])).toEqual({ kind: 'unavailable' });
  });

  it('leaves what cannot be read where it is, and tells nobody', async () => {
    const codec = new ValueCodec();
    const damaged = {
      encode: (value: unknown) => codec.encode(value),
      decode: () => {
        throw new Error('damaged');
      },
    };
    const { runtime, reads, problems } = await start({ codec: damaged });
    const { engine } = runtime;
    const cache = engine.bind(bots);
    await engine.calls.put(cache, ['1'], 'Ada');
    expect(await engine.peek(bots, ['1'])).toEqual({ kind: 'nothing' });
    expect(cache.counts).toMatchObject({ invalid: 0, misses: 0 });
    expect([...reads, ...problems]).toEqual([]);
    expect(engine.memoryUse.entries).toBe(1);
  });
});
