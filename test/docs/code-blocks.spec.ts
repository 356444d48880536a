import { Logger } from '@nestjs/common';
import { codeBlocks, pages, placeOf, readText } from './support/markdown.js';
import { BlockRunner } from './support/run-block.js';
import { typeCheck } from './support/type-check.js';

Logger.overrideLogger(false);

const COMPILING_MS = 120_000;

/** Pages whose code a reader is to see at work: each has a block that runs. */
const RUNNING_PAGES = [
  'docs/decorators.md',
  'docs/eviction.md',
  'docs/keys.md',
  'docs/testing.md',
  'docs/transactions.md',
];

const blocks = codeBlocks();
const typescript = blocks.filter(({ language }) => language === 'ts');
const excerpts = typescript.filter(({ remark }) => remark.startsWith('from '));
const running = typescript.filter(({ remark }) => remark === 'runs');

describe('the TypeScript in the docs', () => {
  it('is found', () => {
    expect(pages).toContain('README.md');
    expect(typescript.length).toBeGreaterThan(20);
    expect(excerpts.length).toBeGreaterThan(0);
  });

  it('stands under no remark that means nothing', () => {
    const others = typescript.filter(
      (block) => block.remark !== '' && ![...excerpts, ...running].includes(block),
    );
    expect(others.map((block) => `${placeOf(block)}: ${block.remark}`)).toEqual([]);
  });

  it.each(RUNNING_PAGES)('is not only compiled, but run: %s', (page) => {
    expect(running.map((block) => block.page)).toContain(page);
  });

  it(
    'compiles',
    () => {
      const complaints = typeCheck(typescript.filter((block) => !excerpts.includes(block)));
      expect(complaints.map(({ message }) => message)).toEqual([]);
    },
    COMPILING_MS,
  );

  it.each(excerpts.map((block) => [placeOf(block), block] as const))(
    'is what the repository has: %s',
    (_place, { code, remark }) => {
      const source = readText(remark.replace(/^from /, ''));
      // An ellipsis in a comment of its own stands for what the page leaves out.
      for (const part of code.split(/^ *\/\/ …$/m)) expect(source).toContain(part.replace(/^\n+|\n+$/g, ''));
    },
  );

  describe('runs', () => {
    const runner = new BlockRunner();

    afterAll(() => {
      runner.end();
    });

    it.each(running.map((block) => [placeOf(block), block] as const))(
      'and comes to what its comments say: %s',
      async (_place, block) => {
        const page = typescript.filter((other) => other.page === block.page && !excerpts.includes(other));
        expect(await runner.run(block, page)).toEqual([]);
      },
    );
  });
});
