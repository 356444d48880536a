import { Redis } from 'ioredis';
import { CacheError } from '../../src/errors.js';
import { ProblemLog } from '../../src/problem-log.js';
import { startRedisServer } from '../support/redis-server.js';

const PREFIX = 'Cache operation failed, the call went on without it: ';

/** A log whose lines the test sees, without what they all begin with, and whose time it sets. */
function openLog(): {
  readonly log: ProblemLog;
  readonly lines: string[];
  readonly advance: (ms: number) => void;
} {
  const lines: string[] = [];
  let now = 0;
  const log = new ProblemLog({ warn: (line: string) => lines.push(line.replace(PREFIX, '')) }, () => now);
  return { log, lines, advance: (ms) => (now += ms) };
}

/** What is logged of one error. */
function lineOf(error: unknown): string | undefined {
  const { log, lines } = openLog();
  log.report('load', error);
  return lines[0];
}

class BotNotFound extends Error {
  constructor(id: string) {
    super(`No bot ${id}`);
  }
}

describe('the log of problems', () => {
  it('has one line for each kind in ten seconds, and then the number of the others', () => {
    const { log, lines, advance } = openLog();
    for (let count = 0; count < 5; count += 1) log.report('load', new TypeError(`of ${count}`));
    log.report('store', new TypeError('another operation'));
    log.report('load', new RangeError('another class'));
    advance(9_999);
    log.report('load', new TypeError('too early'));
    advance(1);
    log.report('load', new TypeError('at last'));

    expect(lines).toEqual([
      'load: TypeError',
      'store: TypeError',
      'load: RangeError',
      'load: TypeError (5 more of these since the last line)',
    ]);
  });

  it('takes errors whose messages differ for one kind, however many there are', () => {
    const { log, lines } = openLog();
    for (let id = 0; id < 1000; id += 1) log.report('load', new BotNotFound(`bot-${id}`));
    log.report('read', new RangeError('news'));

    expect(lines).toEqual(['load: BotNotFound', 'read: RangeError']);
  });

  it('goes on telling kinds apart, once those of before are over', () => {
    const { log, lines, advance } = openLog();
    const fill = (name: string) => {
      for (let count = 0; count < 200; count += 1) log.report(`${name} ${count}`, new TypeError('x'));
      return lines.splice(0).length;
    };

    expect(fill('first')).toBe(101);
    expect(fill('second')).toBe(0);
    advance(10_000);
    expect(fill('third')).toBe(101);
    advance(5_000);
    expect(fill('third')).toBe(0);
    advance(5_000);
    log.report('news', new TypeError('x'));
    expect(lines).toEqual(['news: TypeError']);
  });

  it('shows class and code of errors of the application, and never what they say', () => {
    const named = Object.assign(new Error('secret-42'), { name: 'QueryFailed', code: '23505' });
    expect(lineOf(named)).toBe('load: QueryFailed 23505');
    expect(lineOf(new BotNotFound('secret-42'))).toBe('load: BotNotFound');
    expect(lineOf(Object.assign(new Error('secret-42'), { code: 404 }))).toBe('load: Error 404');
    expect(lineOf(new Error('secret-42'))).toBe('load: Error');
    expect(lineOf(Object.assign(new Error('x'), { name: 'bot secret-42', code: 'for secret-42' }))).toBe(
      'load: Error',
    );
    expect(lineOf(Object.assign(new Error('x'), { name: 5, code: {} }))).toBe('load: Error');
    expect(lineOf(Object.assign(new Error('secret-42'), { name: 'CacheError', code: 'MINE' }))).toBe(
      'load: CacheError MINE',
    );
    expect(lineOf('secret-42')).toBe('load: a thrown string');
    expect(lineOf(undefined)).toBe('load: a thrown undefined');
  });

  it("shows what the library's own errors say, whatever copy of it they come from", () => {
    expect(lineOf(new CacheError('CACHE_INVALID_USE', 'Expected this.'))).toBe(
      'load: CacheError: Expected this.',
    );
    const ofAnotherCopy = Object.assign(new Error('Expected that.'), {
      name: 'CacheError',
      code: 'CACHE_INVALID_KEY',
    });
    expect(lineOf(ofAnotherCopy)).toBe('load: CacheError: Expected that.');
  });

  it('shows what Redis answers, without the arguments that it repeats, and what ioredis says', async () => {
    const server = await startRedisServer();
    const client = new Redis(server.url, {
      maxRetriesPerRequest: 0,
      retryStrategy: () => 5,
    });
    client.on('error', () => undefined);
    const failure = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error: unknown) => error,
      );
    await client.set('text', 'x');

    const unknown = await failure(client.call('NONSENSE', 'secret-42'));
    expect(lineOf(unknown)).toBe("load: ReplyError: ERR unknown command 'NONSENSE'");
    const wrongType = await failure(client.hget('text', 'secret-42'));
    expect(lineOf(wrongType)).toMatch(/^load: ReplyError: WRONGTYPE Operation against a key/);
    client.options.commandTimeout = 50;
    server.freeze();
    expect(lineOf(await failure(client.get('text')))).toBe('load: Error: Command timed out');
    server.thaw();
    client.disconnect();
    expect(lineOf(await failure(client.get('text')))).toBe('load: Error: Connection is closed.');
    await server.stop();

    const { log, lines } = openLog();
    log.report('store', wrongType);
    log.report('store', unknown);
    log.report('store', wrongType);
    expect(lines).toHaveLength(2);
  });
});
