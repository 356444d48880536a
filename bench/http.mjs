/**
 * `npm run bench:http`: the sample as its users feel it, without a cache, in memory and with Redis. Needs the built
 * library and sample, which `npm run bench:http` makes.
 *
 *   --quick       shorter, and fewer messages in the database
 *   --json FILE   writes the figures to a file
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { botsOf, requests } from './http/traffic.mjs';
import { machine, printMachine } from './support/machine.mjs';
import { median, spread } from './support/measure.mjs';
import { RedisServer } from './support/redis-server.mjs';
import { atLeast, printTable, printTargets, short } from './support/report.mjs';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
});
const CONNECTIONS = 32;
const REQUESTS_OF_EACH = 2000;
const ROUNDS = options.quick ? 2 : 5;
const ROUND_SECONDS = options.quick ? 2 : 6;
const MESSAGES = options.quick ? 20_000 : 200_000;

const where = machine();
printMachine(where);
const redis = await RedisServer.start();
const samples = [];
try {
  samples.push(await start('without cache', ['--no-cache'], {}));
  samples.push(await start('in memory', [], {}));
  samples.push(await start('with Redis', [], { REDIS_URL: redis.url }));
  // The caches fill, and the code is compiled.
  for (const sample of samples) await drive(sample, options.quick ? 1 : 3);
  for (let round = 0; round < ROUNDS; round++) {
    for (const sample of samples) sample.rounds.push(await drive(sample, ROUND_SECONDS));
  }
} finally {
  for (const { child } of samples) child.kill();
  await redis.stop();
}
report();
process.exit(0);

async function start(name, args, env) {
  const child = fork(new URL('./http/sample-process.mjs', import.meta.url), args, {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATA_DIR: 'memory://',
      SEED_MESSAGES: String(MESSAGES),
      PORT: '0',
      ...env,
    },
  });
  child.once('exit', (code) => code && console.error(`The sample ${name} ended with code ${code}`));
  const [{ port }] = await once(child, 'message');
  const url = `http://127.0.0.1:${port}`;
  return { name, child, url, bots: await botsOf(url), rounds: [] };
}

async function countsOf({ child }) {
  child.send('report');
  const [{ queries, stats }] = await once(child, 'message');
  const caches = Object.values(stats.caches);
  const sum = (field) => caches.reduce((total, counts) => total + counts[field], 0);
  return { queries, served: sum('hits') + sum('stale'), missed: sum('misses') };
}

/** One run of all connections, each with requests of its own. */
async function drive(sample, seconds) {
  const before = await countsOf(sample);
  const times = [];
  let seed = 0;
  let failed = 0;
  const result = await autocannon({
    url: sample.url,
    connections: CONNECTIONS,
    duration: seconds,
    setupClient(client) {
      client.setRequests(requests(REQUESTS_OF_EACH, sample.bots, ++seed));
      client.on('response', (status, _bytes, ms) => {
        times.push(ms);
        if (status >= 400) failed += 1;
      });
    },
  });
  const after = await countsOf(sample);
  if (failed > 0 || result.errors > 0) throw new Error(`${failed + result.errors} requests failed`);
  const sorted = times.toSorted((a, b) => a - b);
  const [served, missed] = [after.served - before.served, after.missed - before.missed];
  return {
    perSecond: times.length / result.duration,
    p50: sorted[Math.floor(sorted.length * 0.5)],
    p99: sorted[Math.floor(sorted.length * 0.99)],
    queriesPerRequest: (after.queries - before.queries) / times.length,
    hitRatio: served + missed === 0 ? 0 : served / (served + missed),
  };
}

function report() {
  const results = Object.fromEntries(
    samples.map(({ name, rounds }) => {
      const fields = Object.keys(rounds[0]);
      const middle = fields.map((field) => [field, median(rounds.map((round) => round[field]))]);
      return [
        name,
        { ...Object.fromEntries(middle), spread: spread(rounds.map((round) => round.perSecond)) },
      ];
    }),
  );
  const rows = Object.entries(results).map(([name, result]) => ({
    sample: name,
    'requests/s': short(result.perSecond),
    spread: `${short(result.spread.least)}–${short(result.spread.most)}`,
    'p50 ms': short(result.p50),
    'p99 ms': short(result.p99),
    'queries per request': short(result.queriesPerRequest),
    'hit ratio': short(result.hitRatio),
  }));
  const title = `The sample over HTTP: ${CONNECTIONS} connections, Zipf-distributed bots, 5 % writes`;
  printTable({ title, rows });
  const bare = results['without cache'];
  const targets = ['in memory', 'with Redis'].flatMap((name) => {
    const own = results[name];
    return [
      atLeast(`${name}: fewer queries, %`, 75, 100 * (1 - own.queriesPerRequest / bare.queriesPerRequest)),
      atLeast(`${name}: p50 lower, %`, 80, 100 * (1 - own.p50 / bare.p50)),
      atLeast(`${name}: throughput ×`, 3, own.perSecond / bare.perSecond),
      atLeast(`${name}: hit ratio, %`, 80, 100 * own.hitRatio),
    ];
  });
  printTargets(targets);
  if (options.json !== undefined) {
    const scenario = { name: 'http', tables: [{ title, rows }], targets, data: results };
    const found = { machine: where, quick: options.quick, scenarios: [scenario] };
    writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`);
  }
}
