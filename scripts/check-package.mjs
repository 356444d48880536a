/**
 * Checks the tarball that would be published: its manifest (publint), its types for every way of importing it
 * (attw), and that no declaration needs a package whose types the user does not get.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = (name) => join(root, 'node_modules/.bin', name);

function run(command, args, stdio = 'inherit') {
  const { status, error, stdout } = spawnSync(command, args, { cwd: root, stdio, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) process.exitCode = 1;
  return stdout;
}

/** Packages whose types come from a `@types` package that is not installed with ours. */
function withoutTypesForUsers() {
  const shipped = { ...manifest.dependencies, ...manifest.peerDependencies };
  const typed = Object.keys(manifest.devDependencies).flatMap(
    (name) => name.match(/^@types\/(?!node)(.+)/)?.[1] ?? [],
  );
  return (name) => typed.includes(name) || !(name in shipped);
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function checkDeclarations() {
  const unusable = withoutTypesForUsers();
  for (const file of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  )) {
    const text = readFileSync(join(root, 'dist', file), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from|import|import\()\s*["']([^"'.][^"']*)["']/g)) {
      if (specifier.startsWith('node:') || !unusable(packageOf(specifier))) continue;
      console.error(`dist/${file} needs the types of ${specifier}, which users of the package do not get.`);
      process.exitCode = 1;
    }
  }
}

const directory = mkdtempSync(join(tmpdir(), 'roost-pack-'));
try {
  const output = run(
    'npm',
    ['pack', '--silent', '--json', '--pack-destination', directory],
    ['ignore', 'pipe', 'inherit'],
  );
  // The build line of prepack comes before the JSON.
  const [{ filename, files, size }] = JSON.parse(output.slice(output.indexOf('[')));
  console.log(`${filename}: ${files.length} files, ${size} bytes`);
  const tarball = join(directory, filename);
  run(bin('publint'), ['run', tarball, '--strict']);
  run(bin('attw'), [tarball, '--no-emoji']);
  checkDeclarations();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
