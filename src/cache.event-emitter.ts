import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { CacheRuntime } from './cache.runtime.js';
import type { CacheService } from './cache.service.js';
import { CACHE_RUNTIME, CACHE_SERVICE } from './tokens.js';

/** What of `EventEmitter2` is used. */
interface Emitter {
  on(event: string, listener: (payload: unknown) => Promise<void>): unknown;
  off(event: string, listener: (payload: unknown) => Promise<void>): unknown;
}

/**
 * Follows the events of `@nestjs/event-emitter`, where the application has it: one that there is a rule or a warmup for
 * evicts without anybody calling `emit` of the service. `emitAsync` waits until that is done.
 */
@Injectable()
export class EventEmitterRules implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stops: (() => unknown)[] = [];

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(CACHE_RUNTIME) private readonly runtime: CacheRuntime,
    @Inject(CACHE_SERVICE) private readonly service: CacheService,
  ) {}

  onApplicationBootstrap(): void {
    const { options, followers } = this.runtime;
    const events = new Set([...options.rules.events, ...followers.events]);
    if (events.size === 0) return;
    for (const emitter of this.emitters()) {
      for (const event of events) this.follow(emitter, event);
    }
  }

  onApplicationShutdown(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** No compiler sees which events there are. */
  private get emit(): (event: string, payload: unknown) => Promise<void> {
    return this.service.emit.bind(this.service) as never;
  }

  private follow(emitter: Emitter, event: string): void {
    const listener = async (payload: unknown): Promise<void> => {
      try {
        await this.emit(event, payload);
      } catch (error) {
        // Nobody has asked for it: who emits the event may not know that there is a cache.
        this.service.reportProblem(`eviction on ${event}`, error);
      }
    };
    emitter.on(event, listener);
    this.stops.push(() => emitter.off(event, listener));
  }

  /**
   * Told by what their classes can do: the package is not ours to import. No other instance is touched, since it may be
   * a proxy that has nothing behind it outside of a request, and throws.
   */
  private emitters(): ReadonlySet<Emitter> {
    const instances = this.discovery
      .getProviders()
      .filter((wrapper) => makesEmitters(wrapper.token) && wrapper.isDependencyTreeStatic())
      .map(({ instance }) => instance as unknown);
    return new Set(instances.filter(isEmitter));
  }
}

function makesEmitters(token: unknown): boolean {
  return typeof token === 'function' && isEmitter(token.prototype);
}

/** Nothing but `EventEmitter2` has these two. */
function isEmitter(instance: unknown): instance is Emitter {
  const { emitAsync, onAny } = (instance ?? {}) as { readonly emitAsync?: unknown; readonly onAny?: unknown };
  return typeof emitAsync === 'function' && typeof onAny === 'function';
}
