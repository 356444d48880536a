/** Interleaved rounds: A B C A B C …, with the order turned round every other time. */

/**
 * Measures contestants against each other.
 *
 * @param lanes [{ name, run(count), counted? }]: `run` carries out `count` operations, and may return their times;
 *   `counted.loads` is how often it has loaded
 * @param rounds how often each gets its turn
 * @param sliceMs how long a turn takes, roughly
 * @param reference name of the one that the others are compared with
 * @returns by name: { perSecond, ratio: { median, least, most }, best, turns, loads, p50?, p50Ratio? }
 */
export async function race(lanes, { rounds, sliceMs, reference }) {
  const counts = new Map();
  for (const lane of lanes) counts.set(lane, await calibrate(lane, sliceMs));
  const samples = new Map(lanes.map(({ name }) => [name, []]));
  const before = new Map(lanes.map((lane) => [lane, lane.counted?.loads]));
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? lanes : [...lanes].reverse();
    for (const lane of order) {
      const result = await turn(lane, counts.get(lane));
      if (round > 0) samples.get(lane.name).push(result);
    }
  }
  const results = compare(samples, reference);
  for (const [{ name, counted }, loads] of before)
    results[name].loads = counted === undefined ? 0 : counted.loads - loads;
  return results;
}

/** How many operations fill a turn; this also warms up. */
async function calibrate(lane, sliceMs) {
  for (let count = 8; ;) {
    const { elapsed } = await turn(lane, count);
    if (elapsed >= sliceMs * 0.5) return Math.max(1, Math.round((count * sliceMs) / elapsed));
    count = Math.ceil(count * Math.min(8, Math.max(2, sliceMs / Math.max(elapsed, 0.01))));
  }
}

async function turn(lane, count) {
  const since = performance.now();
  const times = await lane.run(count);
  const elapsed = performance.now() - since;
  return { elapsed, perSecond: (count / elapsed) * 1000, p50: times && median([...times]) };
}

function compare(samples, reference) {
  const base = samples.get(reference);
  const results = {};
  for (const [name, turns] of samples) {
    const ratios = base && turns.map(({ perSecond }, i) => perSecond / base[i].perSecond);
    results[name] = {
      perSecond: median(turns.map(({ perSecond }) => perSecond)),
      ...(ratios && { ratio: spread(ratios) }),
      // Of the fastest turns: what the machine does beside the benchmark spoils the median first.
      ...(base && { best: fastest(turns) / fastest(base) }),
      turns: turns.map(({ perSecond }) => perSecond),
      ...(turns[0].p50 !== undefined && {
        p50: median(turns.map(({ p50 }) => p50)),
        p50Ratio: spread(turns.map(({ p50 }, i) => p50 / base[i].p50)),
      }),
    };
  }
  return results;
}

const fastest = (turns) => Math.max(...turns.map(({ perSecond }) => perSecond));

/** How many times as fast as another contestant one is: the median over the rounds. */
export function between(results, name, peer) {
  return median(results[name].turns.map((perSecond, i) => perSecond / results[peer].turns[i]));
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and most. */
export function spread(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}
