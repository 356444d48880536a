import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPORT, telling } from './claims.js';
import { ROOT, type CodeBlock } from './markdown.js';
import { fixture, FIXTURES, pageModules } from './page-modules.js';
import { beginReport } from './run-report.js';

const CONTEXT = 'context.ts';

/**
 * Runs blocks of pages as the ES modules that they are, written to a folder of their own and imported from there, so
 * that Jest compiles them as it does the tests. Each has its own copies of the files that its page has shown so far
 * and of the fixtures, and with them an application of its own.
 */
export class BlockRunner {
  #root: string | undefined;
  #runs = 0;

  /** @param parent where the folder is to be made */
  constructor(private readonly parent = tmpdir()) {}

  /**
   * Runs a block.
   *
   * @param page all TypeScript of its page
   * @returns what is not as the page says, each with its page and line
   */
  async run(block: CodeBlock, page: readonly CodeBlock[]): Promise<readonly string[]> {
    const { code, claims } = telling(block, true);
    if (claims.length === 0) return [`${block.page}:${block.line} runs, but no comment tells a result.`];
    const folder = this.#newFolder();
    for (const name of FIXTURES) writeFileSync(join(folder, name), fixture(name));
    // The block itself comes last.
    let path = '';
    let source = '';
    for (const { block: shown, name, head } of pageModules(page.slice(0, page.indexOf(block) + 1))) {
      if (shown !== block && shown.file === undefined) continue;
      const own = shown === block ? code : telling(shown, false).code;
      source = `${IMPORT_OF_REPORT}${head}${own}\n`;
      path = join(folder, name);
      writeFileSync(path, source);
    }
    const report = beginReport(block.page, block.line, claims);
    const { log } = console;
    console.log = () => {};
    try {
      await import(path);
      report.ended();
    } catch (error) {
      report.ended(error);
    } finally {
      if (source.includes('./context.js')) await closeContext(join(folder, CONTEXT));
      console.log = log;
    }
    return report.complaints;
  }

  /** Removes all that was written. */
  end(): void {
    if (this.#root !== undefined) rmSync(this.#root, { recursive: true });
  }

  #newFolder(): string {
    if (this.#root === undefined) {
      this.#root = mkdtempSync(join(this.parent, 'nestjs-roost-docs-'));
      symlinkSync(join(ROOT, 'node_modules'), join(this.#root, 'node_modules'));
    }
    this.#runs += 1;
    const folder = join(this.#root, String(this.#runs));
    mkdirSync(folder);
    return folder;
  }
}

const IMPORT_OF_REPORT = `import { report as ${REPORT} } from '${ROOT}test/docs/support/run-report.ts'; `;

/** Ends the application that the block found around it. */
async function closeContext(path: string): Promise<void> {
  const { app } = (await import(path)) as typeof import('../fixtures/context.js');
  await app.close();
}
