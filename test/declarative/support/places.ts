import type { ModuleMetadata, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Cache, CacheDefinition, CacheModuleOptions } from 'nestjs-roost';
import type { CacheRuntime } from '../../../src/cache.runtime.js';
import { CACHE_RUNTIME } from '../../../src/tokens.js';
import { TestingApp } from '../../integration/decorators/support/testing-app.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

/** Where the entries of an application lie. */
export interface Place {
  readonly name: 'in memory' | 'on Redis';
  /** Options of an application that shares nothing with those before it. */
  options(): CacheModuleOptions;
}

let namespaces = 0;

/** Specifies the same twice: for applications without Redis, and for those on one server that they share. */
export function inMemoryAndOnRedis(specify: (place: Place) => void): void {
  const namespace = () => `test:${(namespaces += 1)}`;

  describe('in memory', () => {
    specify({ name: 'in memory', options: () => ({ namespace: namespace() }) });
  });

  describe('on Redis', () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await startRedisServer();
    });

    afterAll(() => redis.stop());

    specify({
      name: 'on Redis',
      // No call may give up on Redis because other tests keep the machine busy.
      options: () => ({ namespace: namespace(), redis: { url: redis.url, deadline: 5_000 } }),
    });
  });
}

/** Starts applications in a place, and closes them when the test is over. */
export function useAppsIn(place: Place): typeof TestingApp.start {
  const apps: TestingApp[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  return async (metadata, options) => {
    const app = await TestingApp.start(metadata, { ...place.options(), ...options });
    apps.push(app);
    return app;
  };
}

/** An application, and another instance of it that shows what has got where all instances see it. */
export class Watched {
  readonly #seenFromOutside = new Map<CacheDefinition, CacheDefinition>();

  constructor(
    private readonly app: TestingApp,
    /** The application itself where there are no others: in memory. */
    private readonly witness: TestingApp,
  ) {}

  get<T>(type: Type<T>): T {
    return this.app.get(type);
  }

  /** Makes an instance of a class that no module names. */
  create<T>(type: Type<T>): Promise<T> {
    return this.app.module.get(ModuleRef).create(type);
  }

  /** Stores a value as another instance does. */
  async store<Args extends readonly unknown[], Value>(
    definition: CacheDefinition<Args, Value>,
    args: Args,
    value: Value,
  ): Promise<void> {
    await this.#cache(definition).set(args, value);
  }

  /** What is stored under the key of these arguments; `undefined` when nothing is. */
  async stored<Args extends readonly unknown[], Value>(
    definition: CacheDefinition<Args, Value>,
    ...args: Args
  ): Promise<Value | undefined> {
    const cache = this.#cache(definition);
    // What it knows of tags it would believe until it hears of their eviction, which may come later than this call.
    if (this.app !== this.witness) this.#tagsOfWitness?.forgetAll();
    return cache.get(...args);
  }

  /** Empties all caches. */
  clear(): Promise<void> {
    return this.app.service.clear();
  }

  get #tagsOfWitness() {
    return this.witness.module.get<CacheRuntime>(CACHE_RUNTIME).redis?.tags;
  }

  #cache<Args extends readonly unknown[], Value>(
    definition: CacheDefinition<Args, Value>,
  ): Cache<Args, Value> {
    if (this.app === this.witness) return this.app.service.cache(definition);
    // Without a memory of its own, the witness sees at once what others do.
    const known = this.#seenFromOutside.get(definition) as CacheDefinition<Args, Value> | undefined;
    const seen = known ?? { ...definition, policy: { ...definition.policy, l1: false } };
    this.#seenFromOutside.set(definition, seen);
    return this.witness.service.cache(seen);
  }
}

/** Starts applications that can be watched: on Redis by another instance. */
export function useWatchedIn(place: Place): (metadata: ModuleMetadata) => Promise<Watched> {
  const start = useAppsIn(place);
  return async (metadata) => {
    const options = place.options();
    const app = await start(metadata, options);
    return new Watched(app, place.name === 'in memory' ? app : await start({}, options));
  };
}
