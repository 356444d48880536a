import type { CacheDefinition } from '../definition/define-cache.js';
import { describeType } from '../definition/describe-type.js';
import { refuseBare } from './bare-decorator.js';
import { definitionIn, functionIn, optionalFunctionIn, optionsIn } from './decorator-options.js';
import type { EvictTarget } from './method-plan.js';
import type {
  AfterCall,
  AsyncMethod,
  BeforeCall,
  Condition,
  InstanceFor,
  PatternSelector,
  Picks,
  Selector,
  Suitable,
  TagSelector,
  Wanted,
} from './method-types.js';
import { describePlace } from './decorated-method.js';
import { planOfMethod } from './method-wrapper.js';
import { misuse } from './misuse.js';

/** When `@CacheEvict` applies. */
export interface CacheEvictConditions<When extends Condition, Before extends boolean> {
  /** Asked with the method's arguments before the call: `false` evicts nothing. @default always */
  readonly when?: When;
  /**
   * `true` evicts before the method runs, hence also when it throws. There is no result then, and `select`,
   * `tags` or `pattern` take the method's arguments alone. A reader that comes before the method is done stores
   * the old value again, so this is for methods whose effect comes first.
   *
   * @default false: when the method's promise has resolved, and not when it rejected
   */
  readonly before?: Before;
  /**
   * `true` rejects the method's promise when the entries were not evicted, whatever the reason: CacheError
   * `CACHE_REDIS_UNAVAILABLE` when Redis could not be reached, or the other instances could not be told; nothing is
   * carried out later then. What a selector throws, too. The method has run by then; with `before` it does not run.
   *
   * @default false: evictions that can't reach Redis wait until it is back, other failures are logged
   */
  readonly strict?: boolean;
}

/** Evicts one entry. */
export interface CacheEvictEntry<Args extends readonly unknown[], Select extends Selector> {
  readonly cache: CacheDefinition<Args>;
  /** Picks the arguments of the cache's key out of the result and the method's arguments. */
  readonly select: Select & Picks<Args>;
  readonly all?: never;
  readonly tags?: never;
  readonly pattern?: never;
}

/** Evicts all entries of a cache. */
export interface CacheEvictAll<Args extends readonly unknown[]> {
  readonly cache: CacheDefinition<Args>;
  readonly all: true;
  readonly select?: never;
  readonly tags?: never;
  readonly pattern?: never;
}

/** Evicts all entries with any of the tags, in whatever caches they are. */
export interface CacheEvictTags<Tags extends TagSelector> {
  /** Names the tags, from the result and the method's arguments. */
  readonly tags: Tags;
  readonly cache?: never;
  readonly select?: never;
  readonly all?: never;
  readonly pattern?: never;
}

/** Evicts all entries whose keys match. */
export interface CacheEvictPattern<Pattern extends PatternSelector> {
  /** Makes the pattern, from the result and the method's arguments. */
  readonly pattern: Pattern;
  readonly cache?: never;
  readonly select?: never;
  readonly all?: never;
  readonly tags?: never;
}

/** What `@CacheEvict` takes: one target, and when. */
export type CacheEvictOptions<
  Args extends readonly unknown[] = never,
  Select extends Selector = Selector,
  Tags extends TagSelector = TagSelector,
  Pattern extends PatternSelector = PatternSelector,
  When extends Condition = Condition,
  Before extends boolean = boolean,
> = (
  CacheEvictEntry<Args, Select> | CacheEvictAll<Args> | CacheEvictTags<Tags> | CacheEvictPattern<Pattern>
) &
  CacheEvictConditions<When, Before>;

/** A decorator for methods that these functions suit. If it is not known when they run, both must do. */
export type CacheEvictDecorator<Choose, When, Before extends boolean> = <
  Params extends ([Before] extends [true] ? readonly unknown[] : AfterCall<Choose>) &
    ([Before] extends [false] ? readonly unknown[] : BeforeCall<Choose>) &
    BeforeCall<When>,
  Method extends AsyncMethod<[Before] extends [true] ? unknown : Wanted<Choose>>,
>(
  target: object & InstanceFor<Choose> & InstanceFor<When>,
  propertyKey: string | symbol,
  descriptor: Suitable<
    Method,
    Params,
    'the method is not called with what `select`, `tags`, `pattern` or `when` takes: is the result to come first?'
  >,
) => void;

/**
 * Evicts from caches when the method's promise has resolved, and before the caller sees that; also when a
 * `@Cacheable` beside it answered the call. Not when the method throws, unless `before` is set. Several on one
 * method work side by side.
 *
 * One of: `cache` with `select` for one entry; `cache` with `all: true`; `tags`; `pattern`. `this` in the
 * functions is the instance. What goes wrong after the call is logged and does not change the result, unless
 * `strict` is set.
 *
 * @example
 * @CacheEvict({ tags: (bot: Bot) => [tag`bot:${bot.id}`, tag`org:${bot.orgId}:bots`] })
 * async updateBot(userId: string, botId: string, changes: UpdateBot): Promise<Bot> { … }
 *
 * @example
 * @CacheEvict({ cache: botDetails, select: (_result: void, botId: string) => [botId] })
 * async deleteBot(botId: string): Promise<void> { … }
 *
 * @throws CacheError `CACHE_INVALID_USE` at decoration, with class and method. With `before`, the method rejects
 * with `CACHE_INVALID_KEY` when no key can be made.
 */
export function CacheEvict<
  Args extends readonly unknown[],
  Select extends Selector,
  Tags extends TagSelector,
  Pattern extends PatternSelector,
  When extends Condition,
  Before extends boolean = false,
>(
  options: CacheEvictOptions<Args, Select, Tags, Pattern, When, Before>,
): CacheEvictDecorator<Select | Tags | Pattern, When, Before> {
  refuseBare('CacheEvict', [...arguments], '@CacheEvict({ tags: (bot: Bot) => [tag`bot:${bot.id}`] })');
  return (target, propertyKey, descriptor) => {
    const plan = planOfMethod('CacheEvict', target, propertyKey, descriptor);
    const place = describePlace('CacheEvict', target, propertyKey);
    const given = optionsIn(options, OPTIONS, place);
    plan.addEviction({
      target: targetIn(given, place),
      before: flagIn(given, 'before', place, 'Leave it out to evict after the call.'),
      strict: flagIn(given, 'strict', place, 'Leave it out to evict when Redis is back.'),
      when: optionalFunctionIn(given.when, 'when', place, 'when: (userId: string) => userId !== GUEST'),
    });
  };
}

const OPTIONS = ['cache', 'select', 'all', 'tags', 'pattern', 'when', 'before', 'strict'] as const;

type Given = { readonly [K in (typeof OPTIONS)[number]]?: unknown };

function flagIn(given: Given, option: 'before' | 'strict', place: string, wayOut: string): boolean {
  const { [option]: value = false } = given;
  if (typeof value === 'boolean') return value;
  throw misuse(`Expected \`${option}\` of ${place} to be true or false, got ${describeType(value)}.`, wayOut);
}

function targetIn(given: Given, place: string): EvictTarget {
  const kind = kindOf(given, place);
  if (kind === 'tags') {
    return { kind, tags: functionIn(given.tags, kind, place, 'tags: (bot: Bot) => [tag`bot:${bot.id}`]') };
  }
  if (kind === 'pattern') {
    const example = 'pattern: (bot: Bot) => pattern`bot:${bot.id}*`';
    return { kind, pattern: functionIn(given.pattern, kind, place, example) };
  }
  return cacheTarget(given, place);
}

/** A target that is there but undefined, as an import that goes round in circles leaves it, counts as given. */
function kindOf(given: Given, place: string): 'cache' | 'tags' | 'pattern' {
  const [kind, ...others] = (['cache', 'tags', 'pattern'] as const).filter((option) => option in given);
  if (kind === undefined || others.length > 0) {
    const found =
      kind === undefined ? 'none' : [kind, ...others].map((option) => `\`${option}\``).join(' and ');
    throw misuse(
      `Expected ${place} to have one of \`cache\`, \`tags\` and \`pattern\`, got ${found}.`,
      'Use several @CacheEvict on one method; they work side by side.',
    );
  }
  if (kind !== 'cache' && (given.select !== undefined || given.all !== undefined)) {
    throw misuse(
      `Expected ${place} to have \`select\` and \`all\` only with \`cache\`, got one with \`${kind}\`.`,
      `Leave it out: \`${kind}\` itself takes the result and the arguments of the method.`,
    );
  }
  return kind;
}

function cacheTarget({ cache, select, all }: Given, place: string): EvictTarget {
  const definition = definitionIn(cache, '`cache`', place);
  if (all === true && select === undefined) return { kind: 'all', definition };
  if (all === undefined && select !== undefined) {
    const example = 'select: (bot: Bot) => [bot.id]';
    return { kind: 'entry', definition, select: functionIn(select, 'select', place, example) };
  }
  const found = select !== undefined ? 'both' : all === undefined ? 'neither' : '`all` that is not true';
  throw misuse(
    `Expected ${place} to have \`cache\` with either \`select\` or \`all: true\`, got ${found}.`,
    'For one entry: select: (bot: Bot) => [bot.id].',
    'For all entries of the cache: all: true.',
  );
}
