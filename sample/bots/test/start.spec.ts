import { jest } from '@jest/globals';

import { createApp } from '../src/app.factory.js';
import { StartError } from '../src/config/start-error.js';
import { reportFailure } from '../src/startup/report-failure.js';

let printed: string;

beforeEach(() => {
  printed = '';
  const print = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(print);
  jest.spyOn(process.stderr, 'write').mockImplementation(print);
});
afterEach(() => jest.restoreAllMocks());

it.each([
  [{ PORT: 'abc' }, /Expected `PORT` .* got `abc`/],
  [{ REDIS_URL: 'ftp://me:geheim@cache' }, /Expected `REDIS_URL`/],
  [
    { DATABASE_URL: 'postgres://me:geheim@127.0.0.1:1/bots' },
    /Could not reach the PostgreSQL at 127\.0\.0\.1:1\/bots/,
  ],
])('a start with %j ends in one sentence, without stack or password', async (env, sentence) => {
  const failure: unknown = await createApp({ env }).catch((error: unknown) => error);
  reportFailure(failure);

  expect(printed).toMatch(sentence);
  expect(printed).not.toMatch(/geheim|\n\s+at /);
});

it('a port in use comes with another one to try', () => {
  const taken = Object.assign(new Error('listen EADDRINUSE'), {
    code: 'EADDRINUSE',
    syscall: 'listen',
    port: 3000,
  });
  reportFailure(taken);
  expect(printed).toMatch(/Port 3000 is in use\. .* PORT=3001 npm start/);
});

it('an unforeseen error keeps its stack', () => {
  reportFailure(new TypeError('unforeseen'));
  reportFailure(new StartError('foreseen'));
  expect(printed).toMatch(/unforeseen\n\s+at /);
  expect(printed).toMatch(/foreseen\n$/);
});
