import type { MethodCall } from './method-call.js';
import type { Place } from './method-plan.js';

/**
 * Past a cache, and noted there as such. If no key can be made, `when` may be there to say so: it needs none.
 *
 * @param note loads as a call that bypasses the cache
 */
export async function passingBy(
  call: MethodCall,
  place: Place | undefined,
  note: (load: () => unknown) => Promise<unknown>,
): Promise<unknown> {
  const behind = place === undefined ? call.proceed : place.load;
  let isCalled = false;
  const load = () => {
    isCalled = true;
    return behind();
  };
  try {
    return await note(load);
  } catch (error) {
    if (isCalled) throw error;
    place?.onOwnLoad();
    return behind();
  }
}
