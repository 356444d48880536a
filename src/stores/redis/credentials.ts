import { CacheError } from '../../errors.js';
import type { Preparation } from './keep-connecting.js';
import type { RedisNode } from './redis-client.js';

/** A password, or a function that gives the current one: where passwords are rotated, or last for minutes only. */
export type RedisPassword = string | (() => string | Promise<string>);

/** How long a function may take to give a password, milliseconds. */
const LONGEST_ASKING_MS = 10_000;
/** The names of classes and the codes that libraries use; a text that somebody composed is neither. */
const PLAIN_WORD = /^[\w$.-]{1,50}$/;

/** A function of the application's that gives the current password. */
export class PasswordSource {
  private asking: Promise<string> | undefined;

  constructor(
    private readonly give: () => string | Promise<string>,
    /** Names the option in messages. */
    private readonly what: string,
  ) {}

  /**
   * Asks for the password. Who asks while an answer is under way gets that one.
   *
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE`. It holds nothing of what the function threw but class and code: the
   * rest may hold the password
   */
  ask(): Promise<string> {
    this.asking ??= this.answer().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async answer(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      const error = this.failure(`gave nothing within ${LONGEST_ASKING_MS / 1000} s`);
      // Not for its sake does a process live on.
      timer = setTimeout(() => reject(error), LONGEST_ASKING_MS).unref();
    });
    try {
      return await Promise.race([this.given(), tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async given(): Promise<string> {
    let password: unknown;
    try {
      password = await this.give();
    } catch (error) {
      throw this.failure(`failed with ${nameOf(error)}`);
    }
    if (typeof password === 'string' && password !== '') return password;
    throw this.failure(password === '' ? "gave ''" : `gave no text but ${typeof password}`);
  }

  private failure(reason: string): CacheError {
    return new CacheError('CACHE_REDIS_UNAVAILABLE', `the function \`${this.what}\` ${reason}`);
  }
}

/** Where the passwords come from that are not known beforehand. */
export interface PasswordSources {
  readonly password?: PasswordSource;
  readonly sentinelPassword?: PasswordSource;
}

/** Gives a client the current passwords; `undefined` when they are known beforehand. */
export function currentPasswords(
  client: RedisNode,
  { password, sentinelPassword }: PasswordSources,
): Preparation | undefined {
  if (password === undefined && sentinelPassword === undefined) return undefined;
  return async () => {
    const [own, sentinels] = await Promise.all([password?.ask(), sentinelPassword?.ask()]);
    if (own !== undefined) client.options.password = own;
    if (sentinels !== undefined) client.options.sentinelPassword = sentinels;
  };
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const { name, constructor, code } = error as Error & { readonly code?: unknown };
  const words = [name === 'Error' ? constructor.name : name, code];
  return words.filter((word) => typeof word === 'string' && PLAIN_WORD.test(word)).join(' ') || 'an error';
}
