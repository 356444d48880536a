import * as fc from 'fast-check';
import { pattern } from '../../../src/definition/template.js';
import { EVERYTHING, tagOfCache } from '../../../src/engine/bound-cache.js';
import type { Invalidation } from '../../../src/engine/bus.js';
import { tagOfId, tagOfOrg, tagOfRun, type Item } from './flavours.js';
import { namesIn } from './line.js';
import { valueOf, type Eviction, type Ledger } from './ledger.js';
import type { Process } from './processes.js';
import { replay } from './parameters.js';
import { READINGS, readItem, type Reading } from './reading.js';
import type { Call, Scene } from './scene.js';
import type { LoaderKind } from './source.js';
import { paces, Step } from './step.js';

/** Numbers that say which process, item, organization: the remainder counts. */
const choice = { engine: fc.nat(1), which: fc.nat(3), org: fc.nat(1), pace: paces };
const nameOf = (engine: number) => 'AB'[engine] ?? '';

const loaders = fc.constantFrom<LoaderKind[]>('held', 'held', 'held', 'instant', 'instant', 'failing');

const reads = fc
  .record({ ...choice, how: fc.constantFrom<Reading[]>(...READINGS), loader: loaders })
  .map(({ engine, which, org, pace, how, loader }) => {
    const act = (scene: Scene) => {
      return readItem(scene, scene.processes.at(engine), scene.item(which), { how, loader, org });
    };
    return new Step(`${nameOf(engine)} ${how} ${which}, ${loader}, org ${org}`, pace, act);
  });

/** Puts one item, or all of a cache. What is put is the newest value there is. */
function put(scene: Scene, process: Process, items: readonly Item[], org: number): Call {
  const { ledger } = scene;
  const cache = scene.cacheOf(process, items[0]!);
  const overrides = scene.overridesFor(items[0]!);
  const what = `put(${items.map(({ key }) => key).join(', ')})`;
  const covers: Eviction['covers'] = (item) => items.includes(item);
  const names = namesIn({ keys: items.map(({ key }) => key) });
  return scene.evict(process, { what, names, covers, endsLeases: true }, async () => {
    const versions = items.map((item) => ledger.version({ item, org }));
    const entries = versions.map((version) => {
      return [[version.item.run, version.item.id], valueOf(version)] as const;
    });
    const [[args, value]] = entries as [(typeof entries)[number]];
    await (items.length === 1 ? cache.set(args, value, overrides) : cache.setMany(entries, overrides));
    for (const version of versions) version.madeAt = scene.processes.clock.now();
  });
}

const puts = fc.record({ ...choice, isMany: fc.boolean() }).map(({ engine, which, org, pace, isMany }) => {
  return new Step(`${nameOf(engine)} put${isMany ? 'Many' : ''} ${which}, org ${org}`, pace, (scene) => {
    const item = scene.item(which);
    // The tags that a call adds are for all of its items.
    const all = isMany && !item.flavour.isTaggedByCall;
    return put(scene, scene.processes.at(engine), all ? scene.siblings(item) : [item], org);
  });
});

const touches = fc.record(choice).map(({ engine, which, pace }) => {
  return new Step(`${nameOf(engine)} touch ${which}`, pace, (scene) => {
    const [process, item] = [scene.processes.at(engine), scene.item(which)];
    const touch = scene.cacheOf(process, item).touch([item.run, item.id]);
    scene.ledger.touching(item, Infinity);
    const over = () => scene.ledger.touching(item, scene.processes.clock.now());
    return scene.watch(process, `${process.name}.touch(${item.key})`, touch.finally(over));
  });
});

/** What one kind of eviction does: what it names, what it covers, and how it is asked for. */
interface Evicting {
  readonly names: Invalidation;
  readonly covers: Eviction['covers'];
  readonly act: (process: Process) => Promise<unknown>;
}

const EVICTIONS: Readonly<Record<string, (scene: Scene, item: Item, org: number) => Evicting>> = {
  evict: (scene, item) => ({
    names: { keys: [item.key] },
    covers: (other) => other === item,
    act: (process) => scene.cacheOf(process, item).evict(item.run, item.id),
  }),
  evictMany: (scene, item) => {
    const siblings = scene.siblings(item);
    return {
      names: { keys: siblings.map(({ key }) => key) },
      covers: (other) => siblings.includes(other),
      act: (process) =>
        scene.cacheOf(process, item).evictMany(siblings.map(({ run, id }) => [run, id] as const)),
    };
  },
  'evict tag of all': (_scene, { run }) => ({
    names: { tags: [tagOfRun(run)] },
    covers: () => true,
    act: ({ engine }) => engine.runtime.engine.writes.evictTags([tagOfRun(run)]),
  }),
  'evict tag': (_scene, { run, id }) => ({
    names: { tags: [tagOfId(run, id)] },
    covers: (other) => other.id === id,
    act: ({ engine }) => engine.runtime.engine.writes.evictTags([tagOfId(run, id)]),
  }),
  'evict tag of org': (_scene, { run }, org) => ({
    names: { tags: [tagOfOrg(run, org)] },
    covers: (other, itsOrg) => other.flavour.isTaggedByValue && itsOrg === org,
    act: ({ engine }) => engine.runtime.engine.writes.evictTags([tagOfOrg(run, org)]),
  }),
  'evict pattern of all': (_scene, { run }) => ({
    names: { patterns: [pattern`item:${run}*`.text] },
    covers: () => true,
    act: ({ engine }) => engine.runtime.engine.writes.evictMatching(pattern`item:${run}*`),
  }),
  'evict pattern': (_scene, { run, id }) => ({
    names: { patterns: [pattern`item:${run}:*:${id}`.text] },
    covers: (other) => other.id === id,
    act: ({ engine }) => engine.runtime.engine.writes.evictMatching(pattern`item:${run}:*:${id}`),
  }),
  clear: (scene, item) => ({
    names: { tags: [tagOfCache(item.flavour.name)] },
    covers: (other) => other.flavour === item.flavour,
    act: (process) => scene.cacheOf(process, item).clear(),
  }),
  clearAll: () => ({
    names: { tags: [EVERYTHING] },
    covers: () => true,
    act: ({ engine }) => engine.runtime.engine.writes.evictTags([EVERYTHING]),
  }),
};

/** Begins an eviction of that kind. */
export function evict(
  scene: Scene,
  process: Process,
  how: string,
  { item, org = 0, afterwards }: { item: Item; org?: number; afterwards?: () => void },
): Call {
  const { names, covers, act } = EVICTIONS[how]!(scene, item, org);
  const endsLeases = names.tags === undefined;
  const what = `${how}(${item.key}${how.endsWith('org') ? `, ${org}` : ''})`;
  return scene.evict(
    process,
    { what, names: namesIn(names), covers, endsLeases },
    () => act(process),
    afterwards,
  );
}

const evictions = fc
  .record({
    ...choice,
    how: fc.constantFrom('evict', 'evict tag', 'evict tag of org', ...Object.keys(EVICTIONS)),
    then: fc.option(fc.constantFrom<Reading[]>('get', 'getOrLoad', 'getOrLoadMany'), { freq: 3 }),
  })
  .map(({ engine, which, org, pace, how, then }) => {
    const text = `${nameOf(engine)} ${how} ${which}, org ${org}${then === null ? '' : `, then at once ${then}`}`;
    return new Step(text, pace, (scene) => {
      const [process, item] = [scene.processes.at(engine), scene.item(which)];
      const afterwards = () => {
        if (then !== null) readItem(scene, process, item, { how: then, loader: 'held', org });
      };
      return evict(scene, process, how, { item, org, afterwards });
    });
  });

const isHeld = (ledger: Readonly<Ledger>) => ledger.held > 0;

const answers = fc.record({ which: fc.nat(4), fate: fc.nat(3), pace: paces }).map(({ which, fate, pace }) => {
  const act = ({ source }: Scene) => source.answer(which, fate === 3);
  return new Step(`load ${which} ${fate === 3 ? 'fails' : 'ends'}`, pace, act, isHeld);
});

const times = fc
  .constantFrom(20_000, 35_000, 61_000, 61_000)
  .map((ms) => new Step(`${ms} ms pass`, 'begun', ({ processes }) => processes.clock.advance(ms)));

const hears = fc.record({ engine: fc.nat(1), pace: paces }).map(({ engine, pace }) => {
  return new Step(`${nameOf(engine)} hears`, pace, ({ processes }) => processes.at(engine).line?.hear());
});

const goings = fc
  .record({ engine: fc.nat(1), halves: fc.integer({ min: 1, max: 6 }) })
  .map(({ engine, halves }) => {
    const act = (scene: Scene) => {
      return scene.goOn({ process: scene.processes.at(engine), isOver: () => false }, halves);
    };
    return new Step(`${nameOf(engine)} goes on ${halves}`, 'begun', act);
  });

const looks = fc.constant(new Step('waiters look by themselves', 'begun', (scene) => scene.poll()));

const losses = fc
  .record({ which: fc.nat(3), what: fc.constantFrom('lease' as const, 'entry' as const, 'tokens' as const) })
  .map(
    ({ which, what }) =>
      new Step(`Redis loses ${what} of ${which}`, 'begun', (scene) => scene.lose(which, what)),
  );

/** What can happen in a run, how often. */
export const commands = fc.commands<Ledger, Scene, boolean>(
  [
    fc.oneof(
      { weight: 30, arbitrary: reads },
      { weight: 14, arbitrary: evictions },
      { weight: 12, arbitrary: answers },
      { weight: 5, arbitrary: hears },
      { weight: 5, arbitrary: goings },
      { weight: 5, arbitrary: puts },
      { weight: 3, arbitrary: touches },
      { weight: 5, arbitrary: times },
      { weight: 1, arbitrary: looks },
      { weight: 2, arbitrary: losses },
    ),
  ],
  { maxCommands: 16, size: 'max', ...replay },
);
