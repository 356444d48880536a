import ts from 'typescript';
import type { CodeBlock } from './markdown.js';
import { parse } from './page-modules.js';

/** What a comment at the end of a statement says that it comes to. */
export interface Claim {
  /** Line of the comment in the page. */
  readonly line: number;
  /** `…` in it stands for anything. */
  readonly text: string;
}

/** The code of a block that tells what becomes of it, as `reported` by {@link RunReport}. */
export interface TellingCode {
  readonly code: string;
  readonly claims: readonly Claim[];
}

/** A piece of text in place of another one, or in between. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What the code calls that reports on itself: {@link RunReport}. */
export const REPORT = '__report';

/**
 * Makes code report where it is, statement by statement, and what those come to that have a comment at their end.
 * No lines are added.
 *
 * @param withClaims whether comments are claims: those of the files of a page are not
 */
export function telling(block: CodeBlock, withClaims: boolean): TellingCode {
  const file = parse(block.code);
  const lineAt = (position: number) => block.line + 1 + file.getLineAndCharacterOfPosition(position).line;
  const edits: Edit[] = [];
  const claims: Claim[] = [];

  const visit = (node: ts.Node): void => {
    if (withClaims && (ts.isExpressionStatement(node) || ts.isVariableStatement(node))) {
      const comment = ts
        .getTrailingCommentRanges(block.code, node.end)
        ?.find(({ kind }) => kind === ts.SyntaxKind.SingleLineCommentTrivia);
      if (comment !== undefined) {
        const line = lineAt(comment.pos);
        const text = block.code.slice(comment.pos + 2, comment.end).trim();
        claims.push({ line, text });
        edits.push(...reportsOf(node, line, text, file));
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) {
      const start = statement.getStart(file);
      edits.push(insert(start, `${REPORT}.at(${lineAt(start)}); `));
    }
    visit(statement);
  }
  return { code: applied(edits, block.code), claims };
}

/** How a statement reports what it comes to. */
function reportsOf(
  statement: ts.ExpressionStatement | ts.VariableStatement,
  line: number,
  claim: string,
  file: ts.SourceFile,
): Edit[] {
  if (ts.isVariableStatement(statement)) {
    const names = statement.declarationList.declarations.map(({ name }) => name.getText(file));
    return [insert(statement.end, ` ${REPORT}.shows(${line}, ${names.join(', ')});`)];
  }
  const { expression } = statement;
  const start = expression.getStart(file);
  const isPrinted = ts.isCallExpression(expression) && expression.expression.getText(file) === 'console.log';
  const reports = isPrinted
    ? [{ start, end: expression.expression.end, text: `${REPORT}.shows.bind(${REPORT}, ${line})` }]
    : [insert(start, `${REPORT}.shows(${line}, (`), insert(expression.end, '))')];
  if (!claim.startsWith('throws ')) return reports;
  return [
    insert(start, 'try { '),
    ...reports,
    insert(statement.end, ` } catch (thrown) { ${REPORT}.threw(${line}, thrown); }`),
  ];
}

const insert = (at: number, text: string): Edit => ({ start: at, end: at, text });

function applied(edits: readonly Edit[], code: string): string {
  let result = '';
  let done = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    result += code.slice(done, start) + text;
    done = end;
  }
  return result + code.slice(done);
}
