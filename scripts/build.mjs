/**
 * Builds the library: `node scripts/build.mjs [esm] [cjs]`, both when none is named.
 * Two runs of tsc, for each format needs declarations of its own.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const configs = { esm: 'tsconfig.build.json', cjs: 'tsconfig.build.cjs.json' };
const formats = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(configs);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const root = new URL('../', import.meta.url);

for (const format of formats) {
  rmSync(new URL(`dist/${format}`, root), { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [tsc, '-p', configs[format]], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
if (formats.includes('cjs')) {
  // The package's own "type" is "module"; the nearest package.json decides, for "sideEffects" too.
  const manifest = { type: 'commonjs', sideEffects: false };
  writeFileSync(new URL('dist/cjs/package.json', root), `${JSON.stringify(manifest)}\n`);
}
console.log(`Built ${formats.map((format) => `dist/${format}`).join(' and ')}`);
