import { Logger } from '@nestjs/common';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocksOf } from './support/markdown.js';
import { BlockRunner } from './support/run-block.js';

Logger.overrideLogger(false);

/** A page of one file and one block that runs, whose code begins on line 16. */
function pageWith(...code: readonly string[]): string {
  return [
    '```ts',
    '// greeter.ts',
    "import { Injectable } from '@nestjs/common';",
    "import { Cacheable } from 'nestjs-roost';",
    '@Injectable()',
    'export class Greeter {',
    "  @Cacheable({ ttl: '1m' })",
    '  async greet(name: string): Promise<string> {',
    '    if (name === "") throw new Error("Nobody is there.");',
    '    return `Hello ${name}`; // so it says',
    '  }',
    '}',
    '```',
    '<!-- runs -->',
    '```ts',
    ...code,
    '```',
  ].join('\n');
}

function fail(message: string): never {
  throw new Error(message);
}

describe('a block of a page that runs', () => {
  const runner = new BlockRunner();

  afterAll(() => {
    runner.end();
  });

  async function complaintsOf(...code: readonly string[]): Promise<readonly string[]> {
    const page = blocksOf('page.md', pageWith(...code));
    return runner.run(page[1] ?? fail('The page has no second block.'), page);
  }

  it('may say what statements come to: expressions, constants, what is printed and what is thrown', async () => {
    const complaints = await complaintsOf(
      'const greeter = new Greeter();',
      '// Prose stands on a line of its own.',
      '1 + 1; // 2',
      "await Promise.resolve('text'); // text",
      "console.log('text', [1, { a: new Date(0) }]); // text [ 1, { a: 1970-01-01T00:00:00.000Z } ]",
      '[[1], { a: [2] }]; // [[1], { a: [ 2 ] }]',
      'const two = 1 + 1; // 2',
      "const { a } = { a: 'A' }; // { a: 'A' }",
      "const bot = await details.getOrLoad(['42'], () =>",
      "  repository.findDetails('42'),",
      "); // { id: '42', …, statistics: { messages: 7, … } }",
      'repository.queries; // 1',
      'for (const each of [1, 2]) {',
      '  each < 3; // true',
      '}',
      "key`${'a'}${'b'}`; // throws CACHE_INVALID_KEY",
      "await greeter.greet('Ann'); // throws CACHE_INVALID_USE",
      "(() => { throw new Error('Not today.'); })(); // throws Not today.",
    );
    expect(complaints).toEqual([]);
  });

  it.each([
    ['an expression', 'await Promise.resolve(3); // 2', 'it comes to `3`'],
    ['a constant', 'const three = 3; // 2', 'it comes to `3`'],
    ['something printed', "console.log('a', 3); // a 2", 'it comes to `a 3`'],
    ['what is not thrown', '3; // throws CACHE_INVALID_KEY', 'it comes to `3`'],
    ['another error', 'key``; // throws CACHE_INVALID_USE', 'it comes to `throws CACHE_INVALID_KEY`'],
    ['one of several turns', 'for (const each of [2, 3]) {\n  each; // 2\n}', 'it comes to `3`'],
    ['what never comes', 'if (Date.now() < 0) {\n  3; // 2\n}', 'the code never comes there'],
    ['what only begins alike', '({ a: 1, b: 2 }); // { a: 1', 'it comes to `{ a: 1, b: 2 }`'],
  ])('is told from one that is wrong, with its line: %s', async (_what, code, complaint) => {
    const complaints = await complaintsOf('1; // 1', code);
    const line = code.includes('\n') ? 18 : 17;
    expect(complaints).toEqual([expect.stringMatching(new RegExp(`^page.md:${line} says `)) as string]);
    expect(complaints[0]).toContain(complaint);
  });

  it('is told with the line of the statement when it throws', async () => {
    const [complaint, ...others] = await complaintsOf(
      '1; // 1',
      'const name = "";',
      'await (async () => {',
      '  if (name === "") throw new Error("Nobody is there.");',
      '})();',
    );
    expect(complaint).toMatch(/^page\.md:18 throws Error: Nobody is there\./);
    expect(others).toEqual([]);
  });

  it('has something to say', async () => {
    expect(await complaintsOf('const one = 1;')).toEqual(['page.md:15 runs, but no comment tells a result.']);
  });

  it('uses decorators as an application does', async () => {
    const complaints = await complaintsOf(
      'const module = await Test.createTestingModule({',
      "  imports: [CacheModule.forRoot({ namespace: 'page' })],",
      '  providers: [Greeter],',
      '}).compile();',
      'await module.init();',
      'const greeter = module.get(Greeter);',
      "await greeter.greet('Ann'); // Hello Ann",
      "const { reads } = await module.get(CacheService).trace(() => greeter.greet('Ann'));",
      'reads[0]?.outcome; // hit',
      'await module.close();',
    );
    expect(complaints).toEqual([]);
  });

  it('starts anew, whatever another one has done', async () => {
    const code = [
      "await details.set(['42'], await repository.findDetails('42'));",
      'repository.queries; // 1',
    ];
    expect(await complaintsOf(...code)).toEqual([]);
    expect(await complaintsOf(...code)).toEqual([]);
  });

  it('can rely on the page to show a file once', async () => {
    const page = blocksOf('page.md', pageWith('1; // 1') + '\n' + pageWith('1; // 1'));
    const last = page[3] ?? fail('The page has no fourth block.');
    await expect(runner.run(last, page)).rejects.toThrow(
      'page.md:18 (greeter.ts) shows a file that page.md:1 (greeter.ts) shows, too.',
    );
  });

  it('leaves nothing behind', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'nestjs-roost-docs-of-'));
    const other = new BlockRunner(parent);
    const page = blocksOf('page.md', pageWith('1; // 1'));
    expect(await other.run(page[1] ?? fail('The page has no second block.'), page)).toEqual([]);
    expect(readdirSync(parent)).toHaveLength(1);
    other.end();
    expect(readdirSync(parent)).toEqual([]);
    rmdirSync(parent);
  });
});
