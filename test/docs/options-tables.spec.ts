import { readdirSync } from 'node:fs';
import ts from 'typescript';
import { ROOT, readText } from './support/markdown.js';

/** The interfaces whose options the README lists, with the prefix that their names have there. */
const TABLES: readonly {
  readonly heading: string;
  readonly file: string;
  readonly interfaces: Record<string, string>;
}[] = [
  {
    heading: 'Module options',
    file: 'src/cache.options.ts',
    interfaces: {
      CacheModuleOptions: '',
      L1Options: 'l1.',
      CacheDefaultsOptions: 'defaults.',
      CacheManagerOptions: 'cacheManager.',
      LeaseOptions: 'lease.',
      EncryptionOptions: 'encryption.',
    },
  },
  {
    heading: 'Module options',
    file: 'src/stores/redis/redis-options.ts',
    interfaces: { RedisCommonOptions: 'redis.', RedisServerOptions: 'redis.', RedisClusterOptions: 'redis.' },
  },
  {
    heading: 'Policy of a definition',
    file: 'src/definition/define-cache.ts',
    interfaces: { CacheSpec: '', CachePolicy: '', L1Policy: 'l1.', CompressPolicy: 'compress.' },
  },
];

/** Options that are groups of others: the others stand in the table. */
const GROUPS = ['l1', 'defaults', 'cacheManager', 'lease', 'encryption'];

describe.each(['Module options', 'Policy of a definition'])("the README's table of %s", (heading) => {
  const declared = TABLES.filter((table) => table.heading === heading).flatMap(({ file, interfaces }) =>
    Object.entries(interfaces).flatMap(([name, prefix]) =>
      optionsOf(file, name).map((option) => prefix + option),
    ),
  );

  it('names every option, and none that is not there', () => {
    const listed = rowsOf(heading).filter((option) => option !== 'isGlobal');
    const expected = declared.filter((option) => heading !== 'Module options' || !GROUPS.includes(option));
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });
});

describe("the README's table of environment variables", () => {
  it('names those that `cacheOptionsFromEnv` reads', () => {
    const source = readText('src/cache.options.env.ts').replaceAll(/\/\*\*[^]*?\*\//g, '');
    const constants = [...source.matchAll(/'((?:REDIS|CACHE)_[A-Z0-9_]+)'/g)].map(([, name = '']) => name);
    const read = new Set(constants.filter((name) => name !== 'CACHE_INVALID_OPTION'));
    const listed = rowsOf('Environment variables').map((name) => name.replace('<CACHE_NAME>', ''));
    expect(new Set(listed)).toEqual(read);
  });
});

describe("the README's list of pages", () => {
  it('names all decorators', () => {
    const files = readdirSync(`${ROOT}src/decorators`);
    const names = files.flatMap((file) => file.match(/^(.+)\.decorator\.ts$/)?.[1] ?? []);
    const line = readText('README.md').match(/^\| \[Decorators\].*$/m)?.[0];
    const listed = [...(line ?? '').matchAll(/`@(\w+)`/g)].map(([, name = '']) => name.toLowerCase());
    expect(listed.toSorted()).toEqual(names.map((name) => name.replaceAll('-', '')).toSorted());
  });
});

/** The names in the first column of the table below a heading. */
function rowsOf(heading: string): string[] {
  const [, section = ''] = readText('README.md').split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [own = ''] = section.split(/^#+ /m);
  return [...own.matchAll(/^\| *`([\w.<>]+)`/gm)].map(([, name = '']) => name);
}

function optionsOf(path: string, name: string): string[] {
  const file = ts.createSourceFile(path, readText(path), ts.ScriptTarget.ESNext);
  const found = file.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (found === undefined) throw new Error(`${path} has no interface ${name}.`);
  return found.members.flatMap((member) =>
    member.name && ts.isIdentifier(member.name) ? [member.name.text] : [],
  );
}
