import { CacheError } from '../../errors.js';

/** The address of a Redis, safe to print: host, port and database, no user, no password. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
}

/** What a URL says of a Redis. */
export interface RedisUrl extends RedisAddress {
  /** `''` where the URL names none. */
  readonly username: string;
  /** `''` where the URL names none. */
  readonly password: string;
}

/**
 * Takes the URL of a Redis apart.
 *
 * @param what names the option in messages
 * @param defaultPort the port of a URL that names none
 * @throws CacheError `CACHE_INVALID_OPTION`; the message never holds a user or a password
 */
export function parseRedisUrl(text: unknown, what: string, defaultPort = 6379): RedisUrl {
  let url: URL | undefined;
  try {
    url = new URL(String(text));
  } catch {
    // Told below, with the rule.
  }
  // The text is not repeated: where it is cut in the wrong place, any part of it may be of the password.
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || url.port === '0') {
    const got =
      text === '' ? "''" : typeof text === 'string' ? 'another text' : `a value of type ${typeof text}`;
    throw invalidRedis(
      what,
      'a URL such as redis://localhost:6379 or rediss://user:password@host:6380/0',
      got,
      'Leave it out to cache in memory.',
    );
  }
  if (url.search !== '' || url.hash !== '' || url.pathname.includes('@')) {
    throw invalidRedis(
      what,
      'a URL of scheme, user, password, host, port and database, and no more',
      'one with more behind the host',
      'Percent-encode `@ / # ?` in user and password, or give them as separate options.',
    );
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
    database: databaseIn(url, what),
    tls: url.protocol === 'rediss:',
    username: decoded(url.username, what),
    password: decoded(url.password, what),
  };
}

/** The error for a wrong option of the connection. */
export function invalidRedis(what: string, rule: string, got: string, wayOut: string): CacheError {
  return new CacheError('CACHE_INVALID_OPTION', `Expected \`${what}\` to be ${rule}, got ${got}. ${wayOut}`);
}

function databaseIn(url: URL, what: string): number {
  const path = url.pathname.replace(/^\//, '');
  if (path === '') return 0;
  if (/^\d{1,9}$/.test(path)) return Number(path);
  throw invalidRedis(
    what,
    'a URL whose path is a database number, such as /0',
    'another path',
    'Leave the path out for 0.',
  );
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRedis(
      what,
      'a URL whose user and password are percent-encoded',
      'one that is not',
      'Encode them with encodeURIComponent, or give them as separate options.',
    );
  }
}
