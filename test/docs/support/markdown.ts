import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A fenced block of code in a page. */
export interface CodeBlock {
  /** Path of the page from the root. */
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What the HTML comment right above the block says, such as `runs` or `from test/docs/quick-start/main.ts`. */
  readonly remark: string;
  /** The file that the block shows, if its first line is a comment with a file name and nothing else. */
  readonly file: string | undefined;
}

/** Every page that people read, as a path from the root. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'sample/bots/README.md',
  ...readdirSync(`${ROOT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function readText(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

/** The code blocks of all pages. */
export function codeBlocks(): CodeBlock[] {
  return pages.flatMap((page) => blocksOf(page, readText(page)));
}

/** The code blocks of a page's text. */
export function blocksOf(page: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const language = /^```(\w+)$/.exec(lines[index] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index);
    if (end === -1) throw new Error(`${page}:${index + 1} opens a block of code that does not end.`);
    const code = lines.slice(index + 1, end);
    const above = lines.slice(0, index).findLast((line) => line !== '') ?? '';
    blocks.push({
      page,
      line: index + 1,
      language,
      code: code.join('\n'),
      remark: /^<!-- (.+) -->$/.exec(above)?.[1] ?? '',
      file: /^\/\/ ([\w./-]+\.ts)$/.exec(code[0] ?? '')?.[1],
    });
    index = end;
  }
  return blocks;
}

/** How a block is named in test names and messages. */
export function placeOf({ page, line, file }: CodeBlock): string {
  return `${page}:${line}${file === undefined ? '' : ` (${basename(file)})`}`;
}
