import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import { buildFleet, type FleetBuild } from './fleet-build.js';

const HERE = fileURLToPath(new URL('./', import.meta.url));

/** The library and the worker of the fault tests as JavaScript: the build of a fleet, with a program of its own. */
export async function buildFaults(): Promise<FleetBuild> {
  const build = await buildFleet();
  const target = join(build.directory, 'test/support');
  try {
    const files = (await readdir(HERE)).filter((file) => /^fault-[a-z-]+\.ts$/.test(file));
    await Promise.all(
      files.map((file) => compile(join(HERE, file), join(target, file.replace(/\.ts$/, '.js')))),
    );
  } catch (error) {
    await build.remove();
    throw error;
  }
  return { ...build, worker: join(target, 'fault-worker.js') };
}

async function compile(file: string, output: string): Promise<void> {
  const { code } = await transform(await readFile(file, 'utf8'), {
    filename: file,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
    sourceMaps: 'inline',
    configFile: false,
    swcrc: false,
  });
  await writeFile(output, code);
}
