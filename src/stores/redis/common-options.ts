import { createSecureContext, type ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { PasswordSource, type PasswordSources, type RedisPassword } from './credentials.js';
import { neverHang } from './never-hang.js';
import type { RedisCommonOptions } from './redis-options.js';
import { invalidRedis, parseRedisUrl, type RedisAddress, type RedisUrl } from './redis-url.js';

const DEFAULT_DEADLINE_MS = 100;

/** What the kinds of connections that are made here have in common, checked. */
export interface Common {
  readonly busName: string;
  readonly deadline: number;
  readonly warnings: readonly string[];
  readonly options: RedisOptions;
  readonly passwords: PasswordSources;
}

/** What does not depend on the address. */
export function commonOf(
  given: RedisCommonOptions,
  url: Pick<RedisUrl, 'username' | 'password' | 'tls'>,
  namespace: string,
  what: string,
): Common {
  const deadline = deadlineOf(given.deadline, what);
  const username = textOf(given.username, `${what}.username`) ?? url.username;
  const password = passwordOf(given.password, `${what}.password`) ?? url.password;
  const tls = tlsOf(given.tls, `${what}.tls`);
  return {
    busName: busNameOf(namespace),
    deadline,
    warnings: url.tls ? warningsOf(tls, `${what}.tls`) : [],
    options: {
      ...(username !== '' && { username }),
      ...(typeof password === 'string' && password !== '' && { password }),
      ...(url.tls && { tls: tls ?? {} }),
      ...neverHang(namespace, deadline),
    },
    passwords: password instanceof PasswordSource ? { password } : {},
  };
}

export function busNameOf(namespace: string): string {
  return `${namespace}:bus`;
}

export function addressOf({ host, port, database, tls }: RedisUrl): RedisAddress {
  return { host, port, database, tls };
}

/** TLS details for a URL without TLS would do nothing. */
export function refuseTlsWithout(url: RedisUrl, given: unknown, urlName: string, what: string): void {
  if (given === undefined || url.tls) return;
  throw invalidRedis(
    urlName,
    `to begin with rediss:// when \`${what}\` is given`,
    'redis://…',
    'Use rediss://.',
  );
}

/**
 * Takes a list of URLs apart that lead to parts of one whole.
 *
 * @param databases why none of them may name a database
 */
export function parseUrls(
  given: unknown,
  what: string,
  { example, databases, beside, port }: UrlListRules,
): readonly [RedisUrl, ...RedisUrl[]] {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [];
  const [first, ...others] = texts.map((text, i) => parseOne(text, `${what}[${i}]`, databases, port));
  if (first === undefined) {
    throw invalidRedis(
      what,
      'a list of at least one URL',
      Array.isArray(given) ? 'an empty one' : `a value of type ${typeof given}`,
      `Write for example ${example}.`,
    );
  }
  for (const [i, other] of others.entries()) expectAlike(first, other, `${what}[${i + 1}]`, beside);
  return [first, ...others];
}

interface UrlListRules {
  /** What a right list looks like. */
  readonly example: string;
  /** Why a URL may name no database. */
  readonly databases: string;
  /** How to give user and password once for all. */
  readonly beside: string;
  /** The port of a URL that names none. */
  readonly port?: number;
}

function parseOne(text: unknown, what: string, databases: string, port: number | undefined): RedisUrl {
  const url = parseRedisUrl(text, what, port);
  if (url.database === 0) return url;
  throw invalidRedis(what, 'a URL without a database', `/${url.database}`, databases);
}

/** What one node wants of its clients, all want: which of them is asked is not for the application to choose. */
function expectAlike(first: RedisUrl, other: RedisUrl, what: string, beside: string): void {
  const differs = (['tls', 'username', 'password'] as const).find((part) => first[part] !== other[part]);
  if (differs === undefined) return;
  throw invalidRedis(
    what,
    'like the first in scheme, user and password',
    `another ${differs === 'tls' ? 'scheme' : differs}`,
    beside,
  );
}

/** @param beside the URL's, if there is one */
export function databaseOf(given: number | undefined, beside: number, what: string): number {
  if (given === undefined) return beside;
  if (Number.isInteger(given) && given >= 0) return given;
  throw invalidRedis(`${what}.database`, 'an integer >= 0', String(given), 'Leave it out for database 0.');
}

export function deadlineOf(deadline: number = DEFAULT_DEADLINE_MS, what: string): number {
  if (Number.isFinite(deadline) && deadline >= 1) return deadline;
  throw invalidRedis(
    `${what}.deadline`,
    'a number of milliseconds >= 1',
    String(deadline),
    `Leave it out for ${DEFAULT_DEADLINE_MS}.`,
  );
}

export function textOf(given: unknown, what: string): string | undefined {
  if (given === undefined || typeof given === 'string') return given;
  throw invalidRedis(
    what,
    'a text',
    `a value of type ${typeof given}`,
    'Leave it out for the one in the URL.',
  );
}

export function passwordOf(
  given: RedisPassword | undefined,
  what: string,
): string | PasswordSource | undefined {
  if (given === undefined || typeof given === 'string') return given;
  if (typeof given === 'function') return new PasswordSource(given, what);
  throw invalidRedis(
    what,
    'a text, or a function that gives one',
    `a value of type ${typeof given}`,
    'Leave it out for the one in the URL.',
  );
}

/** Details that TLS can't use are told here, not by a connection that never comes about. */
export function tlsOf(given: unknown, what: string): ConnectionOptions | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) {
    throw invalidRedis(
      what,
      'an object with details such as `ca`',
      given === null ? 'null' : `a value of type ${typeof given}`,
      'TLS itself is turned on by rediss://.',
    );
  }
  try {
    createSecureContext(given);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    throw invalidRedis(
      what,
      'details that TLS can use',
      `ones that it can't (${typeof code === 'string' ? code : 'unknown reason'})`,
      'See that `ca`, `cert` and `key` hold PEM texts, not paths, and that `key` is the key of `cert`.',
    );
  }
  return given;
}

export function warningsOf(tls: ConnectionOptions | undefined, what: string): string[] {
  if (tls?.rejectUnauthorized !== false) return [];
  return [
    `\`${what}.rejectUnauthorized\` is false: nobody checks that it is really Redis at the other end, and whoever is ` +
      `in between can read and change everything. Give the certificate of its authority as \`${what}.ca\` instead.`,
  ];
}
