import type { CachePattern, CacheTag } from '../definition/template.js';
import { CacheError } from '../errors.js';
import { attempt, followedBy, isThenable, type MaybePromise } from './maybe-promise.js';
import type { MethodCall } from './method-call.js';
import type { EvictStep, PlannedDefinition } from './method-plan.js';
import { pickArguments, pickPattern, pickTags } from './picked.js';

/** What one step evicts, as its selector says. */
type Target =
  | { readonly kind: 'entry'; readonly definition: PlannedDefinition; readonly args: readonly unknown[] }
  | { readonly kind: 'all'; readonly definition: PlannedDefinition }
  | { readonly kind: 'tags'; readonly tags: readonly CacheTag[] }
  | { readonly kind: 'pattern'; readonly pattern: CachePattern };

/** An eviction whose target is known. */
interface Known {
  readonly strict: boolean;
  readonly target: Target;
}

/** An eviction under way, its selector included. */
interface Eviction {
  readonly strict: boolean;
  readonly done: PromiseLike<unknown>;
}

/**
 * The evictions marked `before`. The method has not run yet, so a selector that fails, or a key that cannot be
 * made, fails the call; an eviction that fails is reported, unless it is strict.
 */
export async function evictBefore(steps: readonly EvictStep[], call: MethodCall): Promise<void> {
  const targets = await Promise.all(steps.map(async (step) => targetOf(step, call, call.args)));
  const known = steps.map(({ strict }, i) => ({ strict, target: targets[i]! }));
  const isFatal = (error: unknown, strict: boolean) =>
    strict || (error instanceof CacheError && error.code === 'CACHE_INVALID_KEY');
  await over(evictAll(known, call), isFatal, (error) =>
    call.service.reportProblem(`eviction before ${call.where}`, error),
  );
}

/**
 * The evictions that follow a call. Each is tried, and what fails is reported. Of strict ones the first that fails,
 * in whatever way, fails the call when all are over: its caller is not to go on as if it had happened.
 */
export async function evictAfter(
  steps: readonly EvictStep[],
  call: MethodCall,
  result: unknown,
): Promise<void> {
  const given = [result, ...call.args];
  const known: Known[] = [];
  const evictions: Eviction[] = [];
  for (const step of steps) {
    const { strict } = step;
    const target = attempt(() => targetOf(step, call, given));
    // Nobody waits for the selector of another one.
    if (isThenable(target)) {
      evictions.push({ strict, done: target.then((later) => evict(later, strict, call)) });
    } else known.push({ strict, target });
  }
  evictions.push(...evictAll(known, call));
  await over(
    evictions,
    (_error, strict) => strict,
    (error) => call.service.reportProblem(`eviction after ${call.where}`, error),
  );
}

/** Asks the selector of a step what to evict. */
function targetOf({ target }: EvictStep, call: MethodCall, given: readonly unknown[]): MaybePromise<Target> {
  const { kind } = target;
  switch (kind) {
    case 'all':
      return { kind, definition: target.definition };
    case 'entry': {
      const { definition, select } = target;
      return followedBy(pickArguments(call, select, given, definition), (args) => ({
        kind,
        definition,
        args,
      }));
    }
    case 'tags':
      return followedBy(pickTags(call, target.tags, given), (tags) => ({ kind, tags }));
    default:
      return followedBy(pickPattern(call, target.pattern, given), (pattern) => ({ kind, pattern }));
  }
}

/** Starts them side by side, all tags as one. */
function evictAll(known: readonly Known[], call: MethodCall): Eviction[] {
  const evictions = known
    .filter(({ target }) => target.kind !== 'tags')
    .map(({ strict, target }) => ({ strict, done: evict(target, strict, call) }));
  for (const strict of [false, true]) {
    const alike = known.filter((one) => one.strict === strict);
    const tags = new Set(alike.flatMap(({ target }) => (target.kind === 'tags' ? target.tags : [])));
    if (tags.size > 0) {
      evictions.push({ strict, done: evict({ kind: 'tags', tags: [...tags] }, strict, call) });
    }
  }
  return evictions;
}

async function evict(target: Target, strict: boolean, { service }: MethodCall): Promise<void> {
  const how = strict ? { strict } : undefined;
  switch (target.kind) {
    case 'all':
      return service.cache(target.definition).clear(how);
    case 'entry':
      return service.cache(target.definition).evictMany([target.args], how);
    case 'tags':
      return how === undefined ? service.evictTags(...target.tags) : service.evictTags(...target.tags, how);
    case 'pattern':
      await service.evictPattern(target.pattern, how);
  }
}

/** Waits for all of them, then throws the first error that is to fail the call, and reports the others. */
async function over(
  evictions: readonly Eviction[],
  isFatal: (error: unknown, strict: boolean) => boolean,
  report: (error: unknown) => void,
): Promise<void> {
  const outcomes = await Promise.allSettled(evictions.map(({ done }) => done));
  const failures = outcomes.flatMap((outcome, i) =>
    outcome.status === 'fulfilled' ? [] : [{ error: outcome.reason as unknown, eviction: evictions[i]! }],
  );
  const fatal = failures.find(({ error, eviction }) => isFatal(error, eviction.strict));
  for (const failure of failures) if (failure !== fatal) report(failure.error);
  if (fatal !== undefined) throw fatal.error;
}
