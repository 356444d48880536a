import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { startRedisServer } from '../../../../test/support/redis-server.js';
import { openTestDatabase, Sample } from '../support/sample.js';

const compose = readFileSync(new URL('../../../../docker-compose.yml', import.meta.url), 'utf8');
const [, script = ''] = /"(fetch\('http:\/\/127\.0\.0\.1:3000\/health\/ready'\).+)",/.exec(compose) ?? [];

/** The exit code of the sample's healthcheck in `docker-compose.yml`, asked of this address. */
function check(url: string): Promise<unknown> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', script.replace('http://127.0.0.1:3000', url)], (error) => {
      resolve(error?.code ?? 0);
    });
  });
}

it('the container is healthy while the database answers, with or without Redis', async () => {
  const database = await openTestDatabase(0);
  const redis = await startRedisServer();
  const sample = await Sample.start({ database, env: { REDIS_URL: redis.url } });

  expect(await check(sample.url)).toBe(0);
  await redis.stop();
  await sample.anonymously().get('/health').expect(503);
  expect(await check(sample.url)).toBe(0);
  await database.onApplicationShutdown();
  expect(await check(sample.url)).toBe(1);
  await sample.close();
  expect(await check(sample.url)).toBe(1);
});
