import { evictAfter, evictBefore } from './evictions.js';
import type { MethodCall } from './method-call.js';
import type { CacheableStep, PutStep } from './method-plan.js';
import { isKeptOut, isWanted, pickArguments } from './picked.js';
import { settle } from './settle.js';

/**
 * Carries out everything that the decorators of a method ask for: evictions marked `before`, lookup, call, puts,
 * evictions. What fails before the call fails the call. After it the method has done its work, and its result is
 * the caller's, whatever becomes of the caches; what fails then is reported.
 */
export async function runPlan(call: MethodCall): Promise<unknown> {
  const { plan, args } = call;
  const { cacheable } = plan;
  const reads = cacheable !== undefined && isWanted(call, cacheable.when, args);
  const puts = plan.puts.filter(({ when }) => isWanted(call, when, args));
  const evictions = plan.evictions.filter(({ when }) => isWanted(call, when, args));
  const [before, after] = [evictions.filter((step) => step.before), evictions.filter((step) => !step.before)];

  if (before.length > 0) await evictBefore(before, call);

  let result: unknown;
  if (puts.length > 0) {
    // A put asks for a new result, so there is nothing to look up. It is stored wherever it belongs.
    result = await call.proceed();
    if (reads) puts.push(putOf(cacheable, call));
  } else if (reads) {
    result = await read(cacheable, call);
  } else {
    result = await (cacheable === undefined ? call.proceed() : passBy(cacheable, call));
  }

  if (puts.length > 0) await put(puts, call, result);
  if (after.length > 0) await evictAfter(after, call, result);
  return result;
}

/** Answers from the cache, or from the method. */
export function read(step: CacheableStep, call: MethodCall): Promise<unknown> {
  const { service, instance, args, proceed } = call;
  const { unless } = step;
  const definition = step.definitionFor(instance.constructor);
  const cacheArgs = argumentsOf(step, call);
  if (unless === undefined) return service.cache(definition).getOrLoad(cacheArgs, proceed);
  const storeIf = (value: unknown) => !isKeptOut(call, unless, [value, ...args]);
  return service.cache(definition).getOrLoad(cacheArgs, proceed, { storeIf });
}

/** Past the cache, and noted there as such. If no key can be made, `when` may be there to say so: it needs none. */
async function passBy(step: CacheableStep, call: MethodCall): Promise<unknown> {
  const { service, instance, proceed } = call;
  const cache = service.cache(step.definitionFor(instance.constructor));
  let isCalled = false;
  const method = () => {
    isCalled = true;
    return proceed();
  };
  try {
    return await cache.getOrLoad(argumentsOf(step, call), method, { bypass: true });
  } catch (error) {
    if (isCalled) throw error;
    return proceed();
  }
}

/** Stores the result of a call in all places; each is tried, and what fails is reported. */
async function put(steps: readonly PutStep[], call: MethodCall, result: unknown): Promise<void> {
  const { plan, service, args } = call;
  const given = [result, ...args];
  const work = steps.map(async ({ definition, select, unless }) => {
    if (isKeptOut(call, unless, given)) return;
    await service.cache(definition).set(pickArguments(call, select, given, definition), result);
  });
  await settle(work, (error) => service.reportProblem(`put after ${plan.where}`, error));
}

/** A `@Cacheable` whose result is stored without having been looked up. */
function putOf(step: CacheableStep, call: MethodCall): PutStep {
  return {
    when: step.when,
    unless: step.unless,
    definition: step.definitionFor(call.instance.constructor),
    select: () => argumentsOf(step, call),
  };
}

/** The arguments of the cache: the method's, or what the selector picks out of them. */
function argumentsOf({ definitionFor, select }: CacheableStep, call: MethodCall): readonly unknown[] {
  const { instance, args } = call;
  return select === undefined ? args : pickArguments(call, select, args, definitionFor(instance.constructor));
}
