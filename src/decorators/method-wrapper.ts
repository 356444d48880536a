import 'reflect-metadata';
import type { CacheError } from '../errors.js';
import { withOwnIds } from './cacheable-many-step.js';
import { decoratedMethod } from './decorated-method.js';
import type { MethodCall } from './method-call.js';
import { MethodPlan } from './method-plan.js';
import type { UserFunction } from './user-function.js';
import { misuse } from './misuse.js';
import { ownPlanOf, registerPlan } from './plan-registry.js';
import { runPlan } from './run-plan.js';
import { injectService, serviceOf } from './service-property.js';

/**
 * The plan of the method that a decorator stands on. The first decorator wraps the method; those above it add to
 * the plan of that wrapper, whatever other decorators stand between them.
 *
 * @throws CacheError `CACHE_INVALID_USE` when this is no method of an instance
 */
export function planOfMethod(
  decorator: string,
  target: object,
  property: PropertyKey,
  descriptor: PropertyDescriptor,
): MethodPlan {
  const method = decoratedMethod(decorator, target, property, descriptor);
  const known = ownPlanOf(target, property);
  if (known !== undefined) return known;
  const plan = new MethodPlan(`${target.constructor.name}.${String(property)}`);
  method.descriptor.value = wrap(method.original, plan);
  registerPlan(target, property, plan);
  injectService(target);
  return plan;
}

function wrap(original: UserFunction, plan: MethodPlan): UserFunction {
  const wrapper = makeWrapper(original, plan);
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper);
  }
  return wrapper;
}

/** Written as a method, it is like those of a class: it has no `prototype`, and can't be called with `new`. */
function makeWrapper(original: UserFunction, plan: MethodPlan): UserFunction {
  const holder = {
    wrapper(this: object | undefined, ...args: readonly unknown[]): unknown {
      try {
        const service = serviceOf(this);
        if (this === undefined || service === undefined) throw noService(plan);
        const proceed = () => Reflect.apply(original, this, args);
        const given: MethodCall = { where: plan.where, service, instance: this, args, proceed, original };
        const call = plan.takesMany ? withOwnIds(given) : given;
        return plan.onlyRead === undefined ? runPlan(plan, call) : plan.onlyRead.read(call);
      } catch (error) {
        // Callers of an async method expect that it rejects, and never throws.
        return Promise.reject(error);
      }
    },
  } satisfies Record<string, UserFunction>;
  return (holder as Record<'wrapper', UserFunction>).wrapper;
}

function noService({ where }: MethodPlan): CacheError {
  return misuse(
    `Expected ${where} to be called on an instance that Nest made in an application with CacheModule, ` +
      'got one without a cache service.',
    'Made with `new`, or by a factory that is no singleton? List the class itself in `providers`.',
    'Called in a constructor? Nest injects right after it: move the call to `onModuleInit`.',
    'Called without its instance, as in `const { find } = service`? Call `service.find(…)`.',
    "In a unit test: Test.createTestingModule({ imports: [CacheModule.forRoot({ namespace: 'test' })], providers: [ … ] }).",
  );
}
