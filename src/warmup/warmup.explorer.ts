import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { misuse } from '../decorators/misuse.js';
import { warmupOf } from './cache-warmup.decorator.js';
import { WarmupJob, type WarmupRegistry } from './warmup.registry.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the methods of providers that are marked with `@CacheWarmup`. */
export class WarmupExplorer {
  constructor(
    private readonly discovery: Pick<DiscoveryService, 'getProviders' | 'getControllers'>,
    private readonly scanner: Pick<MetadataScanner, 'getAllMethodNames'>,
    private readonly registry: WarmupRegistry,
    private readonly history: number,
  ) {}

  /** @throws CacheError `CACHE_INVALID_USE` for two of one name, or one that has no instance of its own */
  explore(): void {
    const seen = new Set<object>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = prototypeOf(wrapper);
      if (prototype === undefined) continue;
      for (const method of this.scanner.getAllMethodNames(prototype))
        this.add(wrapper, prototype, method, seen);
      const { instance } = wrapper as { readonly instance: unknown };
      if (typeof instance === 'object' && instance !== null) seen.add(instance);
    }
  }

  private add(wrapper: InstanceWrapper, prototype: object, method: string, seen: ReadonlySet<object>): void {
    const original: unknown = (prototype as Record<string, unknown>)[method];
    const options = warmupOf(original);
    if (options === undefined) return;
    const where = `${prototype.constructor.name}.${method}`;
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
      throw misuse(
        `Expected warmup \`${options.name}\` to be a method of a provider with one instance, got ${where} of one that ` +
          'is made for each request or for each of those that inject it.',
        'Move the method to a provider of its own, which injects only what has one instance.',
        'What needs a request can’t be warmed without one.',
      );
    }
    const instance = wrapper.instance as Record<string, (...args: readonly unknown[]) => unknown> | null;
    // A second token for what another one has, too.
    if (instance === null || instance === undefined || seen.has(instance)) return;
    this.registry.add(new WarmupJob(options, where, (...args) => instance[method]?.(...args), this.history));
  }
}

function prototypeOf({ metatype, instance, isNotMetatype }: InstanceWrapper): object | undefined {
  const made = instance as unknown;
  if (typeof made === 'object' && made !== null) return Object.getPrototypeOf(made) as object | undefined;
  if (isNotMetatype || typeof metatype !== 'function') return undefined;
  return metatype.prototype as object | undefined;
}
