import { runInNewContext } from 'node:vm';
import * as library from 'nestjs-roost';
import ts from 'typescript';
import { codeBlocks, pages, placeOf, readText } from './support/markdown.js';
import { typeCheck } from './support/type-check.js';

const COMPILING_MS = 120_000;

const blocks = codeBlocks();
const typescript = blocks.filter(({ language }) => language === 'ts');
const excerpts = typescript.filter(({ remark }) => remark.startsWith('from '));
const evaluated = typescript.filter(({ remark }) => remark === 'evaluated');

describe('the TypeScript in the docs', () => {
  it('is found', () => {
    expect(pages).toContain('README.md');
    expect(typescript.length).toBeGreaterThan(20);
    expect(excerpts.length).toBeGreaterThan(0);
    expect(evaluated.length).toBeGreaterThan(0);
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

  it.each(evaluated.map((block) => [placeOf(block), block] as const))(
    'has the results that the comments say: %s',
    (_place, { code }) => {
      const lines = code.split('\n').filter((line) => line.trim() !== '');
      const results = lines.map((line) => {
        const { expression = '', result = '' } =
          /^(?<expression>.*); +\/\/ (?<result>.*)$/.exec(line)?.groups ?? {};
        return { expression, result };
      });
      const actual = results.map(({ expression }) => ({ expression, result: evaluate(expression) }));
      expect(actual).toEqual(results);
    },
  );
});

function evaluate(expression: string): string {
  const { outputText } = ts.transpileModule(expression, {
    compilerOptions: { target: ts.ScriptTarget.ES2023 },
  });
  return String(runInNewContext(outputText, { ...library, Date, Map, Set }));
}
