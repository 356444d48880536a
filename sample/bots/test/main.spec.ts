import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from '@jest/globals';
import request from 'supertest';

import { BuiltSample } from './support/built-sample.js';
import { sendHalfARequest } from './support/half-request.js';

/** Milliseconds: a build, or two starts the first of which makes a database, take seconds; on a busy machine many. */
const PATIENCE_MS = 120_000;
jest.setTimeout(PATIENCE_MS);

let built: BuiltSample;
let dataDir: string;

beforeAll(async () => {
  built = await BuiltSample.build();
  dataDir = mkdtempSync(join(tmpdir(), 'bots-data-'));
}, PATIENCE_MS);
afterAll(async () => {
  await built.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

const start = (port: number) => built.start({ PORT: String(port), DATA_DIR: dataDir, SEED_MESSAGES: '10' });

it('listens on PORT, ends at SIGTERM, and finds its data in DATA_DIR when it starts again', async () => {
  const port = await freePort();

  const first = start(port);
  const url = await first.listening();
  await request(url).patch('/bots/1').set('x-user-id', 'ada').send({ name: 'Renamed' }).expect(200);
  expect(await first.end('SIGTERM')).toEqual([null, 'SIGTERM']);

  const second = start(port);
  await second.listening();
  const { body } = await request(url).get('/bots/1').set('x-user-id', 'ada').expect(200);
  await second.end('SIGTERM');

  expect(url).toBe(`http://localhost:${port}`);
  expect(body.name).toBe('Renamed');
  expect(first.output).toMatch(/seeding .* 10 messages/);
  expect(second.output).not.toMatch(/seeding/);
  expect(readdirSync(dataDir)).toEqual(['postgres']);
});

it('ends at SIGTERM though half of a request never comes', async () => {
  const sample = start(await freePort());
  await sendHalfARequest(await sample.listening());

  expect(await sample.end('SIGTERM')).toEqual([null, 'SIGTERM']);
  expect(sample.output).not.toMatch(/error/i);
});

it('says in one sentence that PORT is in use, and leaves the data to others', async () => {
  const { server, port } = await listen();

  const sample = start(port);
  const [code] = await sample.ended();
  server.close();

  expect(code).toBe(1);
  expect(sample.output).toMatch(new RegExp(`Port ${port} is in use\\.`));
  expect(readdirSync(dataDir)).toEqual(['postgres']);
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

async function freePort(): Promise<number> {
  const { server, port } = await listen();
  server.close();
  await once(server, 'close');
  return port;
}
