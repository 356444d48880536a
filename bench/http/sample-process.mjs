/**
 * The built sample in a process of its own, which the benchmark asks how many queries its database has had, and how
 * often its caches were hit. `sample-process.mjs [--no-cache]`, settings in the environment.
 */
import { CacheService } from 'nestjs-roost';

const DIST = new URL('../../sample/bots/dist/', import.meta.url);
const { createApp } = await import(new URL('app.factory.js', DIST).href);
const { DatabaseConnection } = await import(new URL('database/database-connection.js', DIST).href);

const app = await createApp({ logger: ['error'] });
const server = await app.listen(0, '127.0.0.1');
const caches = app.get(CacheService);
if (process.argv.includes('--no-cache')) {
  for (const name of Object.keys(caches.stats().caches)) await caches.disable(name);
}

let queries = 0;
const counted = countingQueries(app.get(DatabaseConnection).db.$client);
// The benchmark has ended, however it did.
process.once('disconnect', () => process.exit());
process.on('message', () => process.send({ queries, stats: caches.stats() }));
process.send({ port: server.address().port, counted });

/** What Drizzle sends goes through `run` of the embedded database's client, in transactions too. */
function countingQueries(client) {
  const run = client.run;
  if (typeof run !== 'function') throw new Error('The sample’s database client has no `run` to count');
  client.run = function counting(sql, ...rest) {
    if (!/^(BEGIN|COMMIT|ROLLBACK)$/.test(sql)) queries += 1;
    return run.call(this, sql, ...rest);
  };
  return true;
}
