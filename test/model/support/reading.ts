import type { Item } from './flavours.js';
import type { Process } from './processes.js';
import type { Call, Scene } from './scene.js';
import type { LoaderKind } from './source.js';

/** The ways to read. */
export type Reading =
  'get' | 'lookup' | 'getMany' | 'getOrLoad' | 'getOrLoadMany' | 'getOrLoad without storing' | 'refresh';

/** As often as they are to come. */
export const READINGS: readonly Reading[] = [
  ...Array.from({ length: 6 }, () => 'getOrLoad' as const),
  ...(['getOrLoadMany', 'getOrLoadMany', 'get', 'lookup', 'getMany'] as const),
  ...(['refresh', 'getOrLoad without storing'] as const),
];

export interface HowToRead {
  readonly how: Reading;
  readonly loader: LoaderKind;
  /** The organization that the source names, if it is asked. */
  readonly org: number;
}

/** Begins a read of an item, or of all items of its cache. */
export function readItem(scene: Scene, process: Process, item: Item, { how, loader, org }: HowToRead): Call {
  const cache = scene.cacheOf(process, item);
  const args = [item.run, item.id] as const;
  const overrides = scene.overridesFor(item);
  // Batches take no tags of the call.
  const isStoring = how !== 'getOrLoadMany' || !item.flavour.isTaggedByCall;
  const reading = isStoring ? how : 'getMany';
  const items = reading.endsWith('Many') ? scene.siblings(item) : [item];
  const twice = [...items, ...items].map(({ run, id }) => [run, id] as const);
  const loads = reading.startsWith('getOrLoad') || reading === 'refresh';
  return scene.read(process, reading, { items, loader, org, loads }, async (load) => {
    const one = async () => (await load([args]))[0]!;
    switch (reading) {
      case 'get':
        return [await cache.get(...args)];
      case 'lookup': {
        const found = await cache.lookup(...args);
        return [found.hit ? found.value : undefined];
      }
      case 'getMany':
        return cache.getMany(twice);
      case 'getOrLoad':
        return [await cache.getOrLoad(args, one, overrides)];
      case 'getOrLoadMany':
        return cache.getOrLoadMany(twice, load);
      case 'getOrLoad without storing':
        return [await cache.getOrLoad(args, one, { ...overrides, storeIf: () => false })];
      case 'refresh':
        return [await cache.refresh(args, one, overrides)];
      default:
        throw new Error(`no such reading: ${String(reading)}`);
    }
  });
}
