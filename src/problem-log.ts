import type { Logger } from '@nestjs/common';

/** Within that time one kind of problem is logged once. */
const QUIET_MS = 10_000;
/** Kinds of problems that are told apart; what comes on top shares one line. */
const MAX_KINDS = 100;

interface Quiet {
  readonly since: number;
  held: number;
}

/** Log lines for what went wrong without failing a call. A fault that hits every call does not flood the log. */
export class ProblemLog {
  private readonly quiet = new Map<string, Quiet>();

  constructor(private readonly logger: Logger) {}

  report(operation: string, error: unknown): void {
    const reason = describe(error);
    const kind = this.quiet.size < MAX_KINDS ? `${operation}: ${reason}` : 'other problems';
    const now = performance.now();
    const known = this.quiet.get(kind);
    if (known !== undefined && now - known.since < QUIET_MS) {
      known.held += 1;
      return;
    }
    this.quiet.set(kind, { since: now, held: 0 });
    const more =
      known !== undefined && known.held > 0 ? ` (${known.held} more of these since the last line)` : '';
    this.logger.warn(`Cache operation failed, the call went on without it: ${operation}: ${reason}${more}`);
  }
}

/** Class and message. Redis repeats the arguments of some commands, which may be keys or values: those are cut off. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const message = error.message.split(/, with args beginning with/i, 1)[0] ?? '';
  return `${error.name}: ${message}`;
}
