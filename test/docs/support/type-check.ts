import ts from 'typescript';
import { ROOT, type CodeBlock } from './markdown.js';
import { fixture, FIXTURES, pageModules } from './page-modules.js';

/** Where the blocks would lie if they were files: deep enough to find the packages, and the name of no real folder. */
const PAGES_DIR = `${ROOT}test/docs/.pages/`;

/** What is wrong with a block: its place in the page, and the compiler's words. */
export interface Complaint {
  readonly block: CodeBlock;
  readonly message: string;
}

/** Compiles blocks of TypeScript, all at once. */
export function typeCheck(blocks: readonly CodeBlock[]): Complaint[] {
  const modules = pageModules(blocks).map(({ block, name, head }) => ({
    block,
    path: `${PAGES_DIR}${block.page.replaceAll(/[^A-Za-z0-9]+/g, '-')}/${name}`,
    source: `${head}${block.code}\n`,
    added: head.split('\n').length - 1,
  }));
  const program = ts.createProgram({
    rootNames: modules.map(({ path }) => path),
    options: compilerOptions(),
    host: hostWith(new Map(modules.map(({ path, source }) => [path, source]))),
  });
  return modules.flatMap(({ block, path, added }) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ start = 0, messageText }) => {
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) - added + block.line + 1;
      return {
        block,
        message: `${block.page}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      };
    });
  });
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  // What is left over from an example, and `process.env.REDIS_URL`, would pass in most projects.
  const lenient = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    noPropertyAccessFromIndexSignature: false,
  };
  return { ...options, ...lenient, types: ['node'] };
}

function hostWith(virtual: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions());
  const read = (path: string) => virtual.get(path) ?? fixtureFor(path);
  return {
    ...host,
    fileExists: (path) => read(path) !== undefined || host.fileExists(path),
    directoryExists: (path) => path.startsWith(PAGES_DIR.slice(0, -1)) || ts.sys.directoryExists(path),
    readFile: (path) => read(path) ?? host.readFile(path),
    getSourceFile: (path, language) => {
      const source = read(path);
      return source === undefined
        ? host.getSourceFile(path, language)
        : ts.createSourceFile(path, source, language);
    },
  };
}

/** A page that imports a fixture without having shown a file of that name gets the fixture. */
function fixtureFor(path: string): string | undefined {
  const name = path.startsWith(PAGES_DIR) ? FIXTURES.find((file) => path.endsWith(`/${file}`)) : undefined;
  return name === undefined ? undefined : fixture(name);
}
