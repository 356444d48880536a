import { cp, mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What `npm pack` and the build before it read. */
const SOURCES = /^(src|scripts|package\.json|tsconfig.*\.json|README.*|CHANGELOG.*|LICENSE.*)$/;

/**
 * Builds and packs the working tree into `directory/nestjs-roost.tgz`, by way of `prepack` as in a release. It
 * happens in a copy: a build empties `dist`, which others may be using at the same time.
 */
export async function packInto(directory: string): Promise<void> {
  const copy = join(directory, 'sources');
  await mkdir(copy);
  const names = (await readdir(root)).filter((name) => SOURCES.test(name));
  await Promise.all(names.map((name) => cp(join(root, name), join(copy, name), { recursive: true })));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  await run({
    step: 'Packing',
    program: 'npm',
    args: ['pack', '--pack-destination', directory],
    cwd: copy,
  });
  const [packed] = (await readdir(directory)).filter((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error(`npm pack left no tarball in ${directory}.`);
  await rename(join(directory, packed), join(directory, 'nestjs-roost.tgz'));
}
