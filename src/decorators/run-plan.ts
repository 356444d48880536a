import { answer } from './answer.js';
import { evictAfter, evictBefore } from './evictions.js';
import type { MethodCall } from './method-call.js';
import type { MethodPlan, StoringStep } from './method-plan.js';
import { isWanted } from './picked.js';
import { settle } from './settle.js';

/**
 * Carries out everything that the decorators of a method ask for: evictions marked `before`, lookup, call, puts,
 * evictions. What fails before the call fails the call. After it the method has done its work, and its result is
 * the caller's, whatever becomes of the caches; what fails then is reported, strict evictions aside.
 */
export async function runPlan(plan: MethodPlan, call: MethodCall): Promise<unknown> {
  const { args } = call;
  const reads = plan.reads.map((step) => ({ step, isWanted: isWanted(call, step.when, args) }));
  const puts = plan.puts.filter(({ when }) => isWanted(call, when, args));
  const evictions = plan.evictions.filter(({ when }) => isWanted(call, when, args));
  const [before, after] = [evictions.filter((step) => step.before), evictions.filter((step) => !step.before)];

  if (before.length > 0) await evictBefore(before, call);

  let result: unknown;
  if (puts.length === 0) result = await answer(reads, call);
  else {
    // A put asks for a new result, so there is nothing to look up. It is stored wherever it belongs.
    result = await call.proceed();
    puts.push(...reads.filter((read) => read.isWanted).map(({ step }) => step));
    await putAll(puts, call, result);
  }

  if (after.length > 0) await evictAfter(after, call, result);
  return result;
}

/** Stores the result of a call in all places; each is tried, and what fails is reported. */
async function putAll(steps: readonly StoringStep[], call: MethodCall, result: unknown): Promise<void> {
  const { service, where } = call;
  const work = steps.map((step) => step.put(call, result));
  await settle(work, (error) => service.reportProblem(`put after ${where}`, error));
}
