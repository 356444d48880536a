/**
 * The loops around what is measured. Each contestant gets an instance of this module of its own (imported with a query),
 * so that its call is compiled for it alone: in one loop for all, each would slow down the others.
 */

/** Reads one after the other. */
export async function oneByOne(cache, ids, count) {
  for (let i = 0; i < count; i++) await cache.read(ids[i % ids.length]);
}

/** The same, with the time of each in milliseconds. */
export async function timed(cache, ids, count) {
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const since = performance.now();
    await cache.read(ids[i % ids.length]);
    times[i] = performance.now() - since;
  }
  return times;
}

/** Reads `width` at a time. */
export async function atATime(cache, ids, count, width) {
  let next = 0;
  const lane = async () => {
    while (next < count) await cache.read(ids[next++ % ids.length]);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** Reads all ids with each call. */
export async function allAtOnce(cache, ids, count) {
  for (let i = 0; i < count; i++) await cache.readMany(ids);
}
