import * as fc from 'fast-check';
import { evict } from './commands.js';
import type { Flavour, Item } from './flavours.js';
import type { Ledger } from './ledger.js';
import type { Process, Processes } from './processes.js';
import { readItem } from './reading.js';
import { Scene } from './scene.js';

/** Runs commands on items of these caches, and checks what is left. */
export async function run(
  processes: Processes,
  flavours: readonly Flavour[],
  commands: Iterable<fc.AsyncCommand<Ledger, Scene, boolean>>,
): Promise<void> {
  const scene = new Scene(processes, flavours);
  try {
    await fc.asyncModelRun(() => ({ model: scene.ledger, real: scene }), commands);
    await end(scene);
  } catch (error) {
    // Fast-check now looks for a shorter run that fails: nothing of this one may be left.
    await processes.restart();
    throw error;
  }
  await processes.forget(scene.items);
  // What the engines take for the tokens of tags that all runs share is not there any more.
  if (scene.hasLostTokens) processes.forgetTokens();
}

/** When everything has come to its end, nothing may be left that an eviction has made old; and caching goes on. */
async function end(scene: Scene): Promise<void> {
  const { processes, items, ledger } = scene;
  const inTurn = scene.run % 2 === 0 ? processes.all : [...processes.all].reverse();
  const each = async (how: 'get' | 'getOrLoad') => {
    for (const process of inTurn) {
      for (const item of items) readItem(scene, process, item, { how, loader: 'instant', org: 0 });
      await scene.drain();
    }
  };
  await scene.quiesce();
  scene.inspectIdle();
  await each('get');
  // What lies behind L1?
  for (const process of processes.all) for (const item of items) dropFromL1(process, item);
  await each('get');

  for (const item of new Set(items.map((other) => scene.siblings(other)[0]!))) {
    evict(scene, processes.at(scene.run), 'evictMany', { item });
  }
  await scene.drain();
  await each('get');
  const before = ledger.tick();
  await each('getOrLoad');
  scene.checkLoads(before);
  await scene.quiesce();
  scene.inspectIdle();
  scene.throwFaults();
}

function dropFromL1({ bound }: Process, { flavour, key }: Item): void {
  const cache = bound.get(flavour.name);
  if (cache?.hasL1 === true) cache.near?.delete(key);
}
