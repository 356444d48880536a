import { inspect } from 'node:util';
import type { Claim } from './claims.js';

/** What a running block of code tells about itself. */
class RunReport {
  readonly complaints: string[] = [];
  readonly #unseen: Map<number, string>;
  readonly #claims: ReadonlyMap<number, string>;
  #line: number;

  constructor(
    private readonly page: string,
    firstLine: number,
    claims: readonly Claim[],
  ) {
    this.#line = firstLine;
    this.#claims = new Map(claims.map(({ line, text }) => [line, text]));
    this.#unseen = new Map(this.#claims);
  }

  /** A statement begins. */
  at(line: number): void {
    this.#line = line;
  }

  /** A statement with a comment has come to these values. */
  shows(line: number, ...values: readonly unknown[]): void {
    this.#compare(line, values.map(printed).join(' '));
  }

  /** A statement with a comment has thrown. */
  threw(line: number, error: unknown): void {
    this.#compare(line, `throws ${codeOf(error)}`);
  }

  /** The block has ended, by an error if there is one. */
  ended(error?: unknown): void {
    if (error !== undefined) {
      this.complaints.push(`${this.page}:${this.#line} throws ${inspect(error)}`);
      return;
    }
    for (const [line, claim] of this.#unseen) {
      this.complaints.push(`${this.page}:${line} says \`${claim}\`, but the code never comes there.`);
    }
  }

  #compare(line: number, actual: string): void {
    const claim = this.#claims.get(line) ?? '';
    this.#unseen.delete(line);
    if (matches(claim, actual)) return;
    this.complaints.push(
      `${this.page}:${line} says \`${claim}\`, but it comes to \`${actual}\`. ` +
        'If the comment is no result, put it on a line of its own.',
    );
  }
}

/** As `console.log` prints it, on one line. */
function printed(value: unknown): string {
  return typeof value === 'string'
    ? value
    : inspect(value, { compact: true, breakLength: Infinity, depth: Infinity });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return printed(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** The space that `inspect` puts within brackets, and people do not, makes no difference. */
function matches(claim: string, actual: string): boolean {
  const parts = withinBrackets(claim)
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^]*')}$`).test(withinBrackets(actual));
}

function withinBrackets(text: string): string {
  return text.replaceAll(/(?<=\[) | (?=\])/g, '');
}

export type { RunReport };

/** The report of the block that runs now. Blocks run one after the other. */
export let report: RunReport;

export function beginReport(page: string, firstLine: number, claims: readonly Claim[]): RunReport {
  report = new RunReport(page, firstLine, claims);
  return report;
}
