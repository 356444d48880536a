import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packInto } from './support/tarball.js';
import { UserProject, type Format } from './support/user-project.js';

/** npm and compilers on a busy machine, milliseconds. */
const LONG = 5 * 60_000;
const FORMATS: readonly Format[] = ['esm', 'cjs'];
const CACHING = [
  'OK forRoot: miss, hit, evict, miss',
  'OK forRootAsync with useFactory: miss, hit, evict, miss',
  'OK forRootAsync with useClass: miss, hit, evict, miss',
  'OK CachePut stores what InjectCache and Cacheable then read',
  'OK Cacheable without a definition ends with its ttl',
  'OK CACHE_MANAGER sets, gets and deletes',
];

let workspace: string;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'roost-package-'));
  await packInto(workspace);
}, LONG);

afterAll(() => rm(workspace, { recursive: true, force: true }), LONG);

describe.each([11, 12])('the packed tarball on Nest %i', (nest) => {
  let project: UserProject;
  const typeErrors: Partial<Record<Format, string>> = {};

  beforeAll(async () => {
    project = new UserProject(workspace, nest);
    await project.install();
    await project.write('esm', 'caching', 'health', 'operations', 'warmup', 'side-by-side');
    await project.write('cjs', 'caching', 'health', 'operations', 'warmup');
    [typeErrors.esm, typeErrors.cjs] = await Promise.all([project.compile('esm'), project.compile('cjs')]);
  }, LONG);

  it('holds what is published, and nothing else', async () => {
    const names = await readdir(join(project.directory, 'node_modules/nestjs-roost'));
    expect(names.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json', 'src']);
  });

  it.each(FORMATS)('has declarations that a strict compiler accepts in %s code', (format) => {
    expect(typeErrors[format]).toBe('');
  });

  it.each(FORMATS)(
    'tells Terminus from %s code how it is',
    async (format) => {
      expect(await project.start(format, 'health.js')).toEqual(['OK Terminus reports the cache']);
    },
    LONG,
  );

  it.each(FORMATS)(
    'measures, traces and alerts from %s code',
    async (format) => {
      expect(await project.start(format, 'operations.js')).toEqual([
        'OK metrics, spans and alerts work together',
      ]);
    },
    LONG,
  );

  it.each(FORMATS)(
    'warms on a schedule from %s code',
    async (format) => {
      expect(await project.start(format, 'warmup.js')).toEqual([
        'OK a warmup loads what is read afterwards',
        'OK the registry of Nest has it',
      ]);
    },
    LONG,
  );

  it(
    'works where one process imports and requires it',
    async () => {
      expect(await project.start('esm', 'side-by-side.js')).toEqual([
        'OK import and require give two copies',
        'OK decorators of the one find the module of the other',
        'OK InjectCache of the one gets the handle of the other',
        'OK the health indicator of the one asks the service of the other',
        'OK errors of both have the same codes',
      ]);
    },
    LONG,
  );

  if (nest === 11) {
    it(
      'has declarations for the module resolution of older CommonJS projects',
      async () => {
        const options = ['--noEmit', '--module', 'commonjs', '--moduleResolution', 'node10'];
        expect(await project.compile('cjs', ...options)).toBe('');
      },
      LONG,
    );

    it(
      'works in Jest without an ESM flag and without a transform',
      async () => {
        const { length } = CACHING;
        expect(await project.testWithJest()).toContain(`Tests:       ${length} passed, ${length} total`);
      },
      LONG,
    );
  }

  // The last one, for it takes packages away.
  describe('without the optional peers', () => {
    beforeAll(() =>
      project.remove('@nestjs/terminus', '@nestjs/schedule', 'prom-client', '@opentelemetry/api'),
    );

    it.each(FORMATS)(
      'caches from %s code',
      async (format) => {
        expect(await project.start(format, 'main.js')).toEqual(CACHING);
      },
      LONG,
    );

    it.each(FORMATS)(
      'names the missing package when %s code imports an entry point that needs one, and else imports it',
      async (format) => {
        const errors = async (entry: string) => project.errorOfImporting(format, `nestjs-roost/${entry}`);
        const isMissing = (name: string) => new RegExp(`Cannot find (package|module) '${name}'`);
        expect(await errors('health')).toMatch(isMissing('@nestjs/terminus'));
        expect(await errors('warmup')).toMatch(isMissing('@nestjs/schedule'));
        expect(await errors('metrics')).toMatch(isMissing('prom-client'));
        expect(await errors('opentelemetry')).toMatch(isMissing('@opentelemetry/api'));
        expect(await errors('alerts')).toBe('');
      },
      LONG,
    );
  });
});
