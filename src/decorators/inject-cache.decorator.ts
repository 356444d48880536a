import { Inject } from '@nestjs/common';
import type { CacheDefinition } from '../definition/define-cache.js';
import { refuseBare } from './bare-decorator.js';
import { definitionIn } from './decorator-options.js';
import { describePlace } from './decorated-method.js';
import { misuse } from './misuse.js';

/** A definition whose handle is injected somewhere, and the token it is injected by. */
export interface InjectedDefinition {
  readonly token: symbol;
  readonly definition: CacheDefinition;
}

const INJECTED: unique symbol = Symbol.for('nestjs-roost:injected-definitions');

/** By definition and not by name: two applications in one process may each have a cache of that name. */
const injected = registryOfProcess();

/** One for the ESM and the CommonJS build together: the module of one provides what is injected with the other. */
function registryOfProcess(): Map<CacheDefinition, InjectedDefinition> {
  const shared = globalThis as { [INJECTED]?: Map<CacheDefinition, InjectedDefinition> };
  return (shared[INJECTED] ??= new Map());
}

/**
 * The injection token of a definition's handle, to replace it in a test or to inject it into a factory.
 *
 * @example
 * Test.createTestingModule({ … }).overrideProvider(getCacheToken(botDetails)).useValue(fake)
 *
 * @example
 * { provide: Reports, inject: [getCacheToken(botDetails)], useFactory: (cache) => new Reports(cache) }
 */
export function getCacheToken<Args extends readonly unknown[], Value>(
  definition: CacheDefinition<Args, Value>,
): symbol {
  const known = injected.get(definition);
  if (known !== undefined) return known.token;
  const token = Symbol(descriptionOf(definition.name));
  injected.set(definition, { token, definition });
  return token;
}

/**
 * Injects the handle of a cache into a constructor parameter or a property. Its file has to be imported when Nest
 * comes to `CacheModule`: what is loaded lazily takes `CacheService.cache(definition)` instead.
 *
 * @example
 * constructor(@InjectCache(botDetails) private readonly details: Cache<[botId: string], BotDetails>) {}
 *
 * @throws CacheError `CACHE_INVALID_USE` at decoration when this is no definition
 */
export function InjectCache<Args extends readonly unknown[], Value>(
  definition: CacheDefinition<Args, Value>,
): PropertyDecorator & ParameterDecorator {
  refuseBare('InjectCache', [...arguments], '@InjectCache(botDetails)');
  return (target: object, propertyKey: string | symbol | undefined, index?: number) => {
    const place = describePlace('InjectCache', target, propertyKey);
    const inject = Inject(getCacheToken(definitionIn(definition, 'the argument', place)));
    if (index === undefined && propertyKey !== undefined) inject(target, propertyKey);
    else if (index !== undefined && propertyKey === undefined) inject(target, propertyKey, index);
    else {
      throw misuse(
        `Expected ${place} to stand on a parameter of the constructor or on a property, got something else.`,
        'Inject it into the constructor: Nest passes nothing to other methods.',
      );
    }
  };
}

/** Nest shows it when it has nothing to inject, and tells nothing else that would help. */
function descriptionOf(name: string): string {
  return (
    `Cache ${name} of nestjs-roost: does the root module import CacheModule.forRoot(…)? Is this file imported ` +
    'lazily? Then import it at the start, or use cacheService.cache(definition)'
  );
}

/** All definitions that something injects. They are declared once in the code, so their number is limited. */
export function injectedDefinitions(): readonly InjectedDefinition[] {
  return [...injected.values()];
}
