import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform, type Options } from '@swc/core';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** As in `jest.config.mjs`: the workers run what the other tests run. */
const OPTIONS: Options = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
  configFile: false,
  swcrc: false,
};

/** The library and the worker as JavaScript, for processes that run without Jest. */
export interface FleetBuild {
  /** Where everything is that was compiled. */
  readonly directory: string;
  /** The program to fork. */
  readonly worker: string;
  remove(): Promise<void>;
}

/** Compiles into a directory of its own under the temp dir, where packages resolve as they do in the repository. */
export async function buildFleet(): Promise<FleetBuild> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'roost-fleet-'));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    const files = [...(await sourcesIn('src')), ...(await sourcesIn('test/support')).filter(isOfWorker)];
    await Promise.all(files.map((file) => compile(file, dir)));
    await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
    await symlink(await realpath(join(ROOT, 'node_modules')), join(dir, 'node_modules'));
  } catch (error) {
    await remove();
    throw error;
  }
  return { directory: dir, worker: join(dir, 'test/support/fleet-worker.js'), remove };
}

async function sourcesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  return entries
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file));
}

function isOfWorker(file: string): boolean {
  return /support\/(engine|fleet-[a-z-]+)\.ts$/.test(file);
}

async function compile(file: string, dir: string): Promise<void> {
  const path = join(ROOT, file);
  const { code } = await transform(await readFile(path, 'utf8'), { ...OPTIONS, filename: path });
  const output = join(dir, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, code);
}
