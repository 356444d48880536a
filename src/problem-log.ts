import { types } from 'node:util';
import type { Logger } from '@nestjs/common';
import { classNameOf } from './definition/describe-type.js';

/** Within that time one kind of problem is logged once. */
const QUIET_MS = 10_000;
/** Kinds of problems that are told apart at one time; what comes on top shares one line. */
const MAX_KINDS = 100;
const OTHERS = 'other problems';

/** What Redis answers, and what ioredis says about its connection: classes of their own, and constant texts. */
const REDIS_ERRORS = new Set(['ReplyError', 'MaxRetriesPerRequestError', 'ClusterAllFailedError']);
const REDIS_TEXTS = new Set([
  'Command timed out',
  'Connection is closed.',
  'connect ETIMEDOUT',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  'None of startup nodes is available',
]);
/** The names of classes and the codes that libraries use; a text that somebody composed is neither. */
const PLAIN_WORD = /^[\w$.-]{1,50}$/;

interface Quiet {
  readonly since: number;
  held: number;
}

interface Description {
  /** Of limited number: never made of what a user's error says. */
  readonly kind: string;
  readonly text: string;
}

/** Log lines for what went wrong without failing a call. A fault that hits every call does not flood the log. */
export class ProblemLog {
  /** The longest ago first. */
  private readonly quiet = new Map<string, Quiet>();
  private latest: { readonly text: string; readonly at: number } | undefined;

  constructor(
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The last problem: as it is logged, and when it was reported, milliseconds since the epoch. */
  get last(): { readonly text: string; readonly at: number } | undefined {
    return this.latest;
  }

  report(operation: string, error: unknown): void {
    const { kind: kindOfError, text } = describe(error);
    this.latest = { text: `${operation}: ${text}`, at: Date.now() };
    const now = this.now();
    const kind = this.roomFor(`${operation}: ${kindOfError}`, now);
    const known = this.quiet.get(kind);
    if (known !== undefined && now - known.since < QUIET_MS) {
      known.held += 1;
      return;
    }
    this.quiet.delete(kind);
    this.quiet.set(kind, { since: now, held: 0 });
    const more =
      known !== undefined && known.held > 0 ? ` (${known.held} more of these since the last line)` : '';
    this.logger.warn(`Cache operation failed, the call went on without it: ${operation}: ${text}${more}`);
  }

  /** The kind itself, if it is known or can be noted; those that are quiet no more make room. */
  private roomFor(kind: string, now: number): string {
    if (this.quiet.has(kind) || this.quiet.size < MAX_KINDS) return kind;
    for (const [known, { since }] of this.quiet) {
      if (now - since < QUIET_MS) break;
      this.quiet.delete(known);
    }
    return this.quiet.size < MAX_KINDS ? kind : OTHERS;
  }
}

/**
 * Class and code, and what an error of this library or of Redis says. What others say is left out: a loader's or
 * a selector's message may hold ids and values.
 */
function describe(error: unknown): Description {
  if (!types.isNativeError(error) && !(error instanceof Error)) {
    const text = `a thrown ${typeof error}`;
    return { kind: text, text };
  }
  const { message } = error;
  const name = nameOf(error);
  const code = codeOf(error);
  if (REDIS_ERRORS.has(name)) {
    const [reply = ''] = /^[A-Z]+\b/.exec(message) ?? [];
    return { kind: `${name} ${reply}`, text: `${name}: ${withoutArguments(message)}` };
  }
  if (REDIS_TEXTS.has(message)) return { kind: message, text: `${name}: ${message}` };
  const kind = code === undefined ? name : `${name} ${code}`;
  const isOurs = name === 'CacheError' && code?.startsWith('CACHE_') === true;
  return { kind, text: isOurs ? `${name}: ${message}` : kind };
}

/** Its name, or the class of one that did not give itself a name. */
function nameOf(error: Error): string {
  return [error.name, classNameOf(error)].find((name) => name !== 'Error' && isPlainWord(name)) ?? 'Error';
}

function codeOf({ code }: Error & { readonly code?: unknown }): string | undefined {
  const text = typeof code === 'number' ? String(code) : code;
  return isPlainWord(text) ? text : undefined;
}

function isPlainWord(value: unknown): value is string {
  return typeof value === 'string' && PLAIN_WORD.test(value);
}

/** Redis repeats the arguments of some commands, which may be keys or values. */
function withoutArguments(message: string): string {
  return message.split(/, with args beginning with/i, 1)[0] ?? '';
}
