import ts from 'typescript';
import { placeOf, readText, type CodeBlock } from './markdown.js';

/** Files that any page may import, or leave out where its blocks are fragments. */
const FIXTURES_DIR = 'test/docs/fixtures/';
export const FIXTURES: readonly string[] = [
  'bots.types.ts',
  'bots.repository.ts',
  'bots.caches.ts',
  'context.ts',
];

/** A block of TypeScript as the module that it stands for. */
export interface PageModule {
  readonly block: CodeBlock;
  /** Its file, beside the others of its page. */
  readonly name: string;
  /** Imports of what a fragment names without importing it; whole lines. */
  readonly head: string;
}

/**
 * The modules of blocks, in their order. Blocks of one page that show a file can be imported by later ones. A block
 * without an import of its own is a fragment: what it names comes from the library, from the files that the page has
 * shown, and from the fixtures.
 */
export function pageModules(blocks: readonly CodeBlock[]): PageModule[] {
  const namesOf = new Map<string, Map<string, string>>();
  const placeOfFile = new Map<string, string>();
  return blocks.map((block) => {
    const known = namesOf.get(block.page) ?? commonNames();
    namesOf.set(block.page, known);
    const head = isFragment(block.code) ? importsFor(block.code, known) : '';
    const name = block.file ?? `line-${block.line}.ts`;
    if (block.file !== undefined) {
      const path = `${block.page} ${name}`;
      const earlier = placeOfFile.get(path);
      if (earlier !== undefined)
        throw new Error(`${placeOf(block)} shows a file that ${earlier} shows, too.`);
      placeOfFile.set(path, placeOf(block));
      for (const exported of exportedNames(block.code)) known.set(exported, specifierOf(name));
    }
    return { block, name, head };
  });
}

export function fixture(name: string): string {
  return readText(FIXTURES_DIR + name);
}

/** Where names that a fragment does not declare come from. */
function commonNames(): Map<string, string> {
  const from = (specifier: string, names: readonly string[]) =>
    names.map((name) => [name, specifier] as const);
  return new Map([
    ...FIXTURES.flatMap((file) => from(specifierOf(file), exportedNames(fixture(file)))),
    ...from('@nestjs/common', ['Injectable', 'Module', 'Controller', 'Get']),
    ...from('@nestjs/core', ['NestFactory']),
    ...from('@nestjs/testing', ['Test']),
    ...from('nestjs-roost/testing', exportedNames(readText('src/testing/index.ts'))),
    ...from('nestjs-roost', exportedNames(readText('src/index.ts'))),
  ]);
}

const specifierOf = (file: string) => `./${file.replace(/\.ts$/, '.js')}`;

export function parse(code: string): ts.SourceFile {
  return ts.createSourceFile('block.ts', code, ts.ScriptTarget.ESNext, true);
}

function isFragment(code: string): boolean {
  return !parse(code).statements.some(ts.isImportDeclaration);
}

/** The names that a file exports, be it `export { … } from` or a declaration. */
function exportedNames(code: string): string[] {
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
      ts.isIdentifier(name) ? [name.text] : name.elements.flatMap(boundName),
    );
  }
  const isNamed = ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement);
  const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
  return (isNamed || isType) && statement.name !== undefined ? [statement.name.text] : [];
}

/** The name that one element of `const { a, b: c } = …` declares. */
function boundName(element: ts.ArrayBindingElement): string[] {
  return ts.isBindingElement(element) && ts.isIdentifier(element.name) ? [element.name.text] : [];
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
