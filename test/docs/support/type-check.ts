import ts from 'typescript';
import { readText, ROOT, type CodeBlock } from './markdown.js';

/** Where the blocks would lie if they were files: deep enough to find the packages, and the name of no real folder. */
const PAGES_DIR = `${ROOT}test/docs/.pages/`;
/** Files that any page may import, or leave out where its blocks are fragments. */
const FIXTURES_DIR = 'test/docs/fixtures/';
const FIXTURES = ['bots.types.ts', 'bots.repository.ts', 'bots.caches.ts', 'context.ts'];

/** What is wrong with a block: its place in the page, and the compiler's words. */
export interface Complaint {
  readonly block: CodeBlock;
  readonly message: string;
}

/**
 * Compiles blocks of TypeScript, all at once. Blocks of one page that show a file can be imported by later ones.
 * A block without an import of its own is a fragment: what it names comes from the library, from the files that
 * the page has shown, and from the fixtures.
 */
export function typeCheck(blocks: readonly CodeBlock[]): Complaint[] {
  const files = new Map<
    string,
    { readonly block: CodeBlock; readonly source: string; readonly added: number }
  >();
  const exportsOf = new Map<string, ReadonlyMap<string, string>>();
  for (const block of blocks) {
    const folder = `${PAGES_DIR}${block.page.replaceAll(/[^A-Za-z0-9]+/g, '-')}/`;
    const known = exportsOf.get(folder) ?? commonNames();
    const head = isFragment(block.code) ? importsFor(block.code, known) : '';
    const name = block.file ?? `line-${block.line}.ts`;
    files.set(folder + name, { block, source: `${head}${block.code}\n`, added: head.split('\n').length - 1 });
    const shown = block.file === undefined ? [] : exportedNames(block.code);
    exportsOf.set(
      folder,
      new Map([...known, ...shown.map((shownName) => [shownName, moduleOf(name)] as const)]),
    );
  }

  const program = ts.createProgram({
    rootNames: [...files.keys()],
    options: compilerOptions(),
    host: hostWith(new Map([...files].map(([path, { source }]) => [path, source]))),
  });
  return [...files].flatMap(([path, { block, added }]) => {
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
  const name = path.startsWith(PAGES_DIR)
    ? FIXTURES.find((fixture) => path.endsWith(`/${fixture}`))
    : undefined;
  return name === undefined ? undefined : readText(FIXTURES_DIR + name);
}

/** Where names that a fragment does not declare come from. */
function commonNames(): ReadonlyMap<string, string> {
  const fromLibrary = exportedNames(readText('src/index.ts')).map((name) => [name, 'nestjs-roost'] as const);
  const fromTesting = exportedNames(readText('src/testing/index.ts')).map(
    (name) => [name, 'nestjs-roost/testing'] as const,
  );
  const fromFixtures = FIXTURES.flatMap((file) =>
    exportedNames(readText(FIXTURES_DIR + file)).map((name) => [name, moduleOf(file)] as const),
  );
  const fromNest = ['Injectable', 'Module', 'Controller', 'Get'].map(
    (name) => [name, '@nestjs/common'] as const,
  );
  return new Map([...fromFixtures, ...fromNest, ...fromTesting, ...fromLibrary]);
}

const moduleOf = (file: string) => `./${file.replace(/\.ts$/, '.js')}`;

const parse = (code: string) => ts.createSourceFile('block.ts', code, ts.ScriptTarget.ESNext, true);

function isFragment(code: string): boolean {
  return !parse(code).statements.some(ts.isImportDeclaration);
}

/** The names that a file exports, be it `export { … } from` or a declaration. */
export function exportedNames(code: string): string[] {
  return parse(code).statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      return exportClause && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [];
    }
    return isExported(statement) ? declaredNames(statement) : [];
  });
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  }
  const isNamed = ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement);
  const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
  return (isNamed || isType) && statement.name !== undefined ? [statement.name.text] : [];
}

function importsFor(code: string, known: ReadonlyMap<string, string>): string {
  const file = parse(code);
  const own = new Set(file.statements.flatMap(declaredNames));
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  const lines = [...known]
    .filter(([name]) => used.has(name) && !own.has(name))
    .map(([name, from]) => `import { ${name} } from '${from}';\n`);
  // Makes a module of a fragment that needs nothing, too.
  return `export {};\n${lines.join('')}`;
}
