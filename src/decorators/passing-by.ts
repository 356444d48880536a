/** What is behind a cache. */
interface Behind<T> {
  readonly load: () => T | Promise<T>;
  /** The call is answered with what `load` gave. */
  readonly onOwnLoad?: () => void;
}

/**
 * Past a cache, and noted there as such. If no key can be made, `when` may be there to say so: it needs none.
 *
 * @param note loads as a call that bypasses the cache
 */
export async function passingBy<T>(
  behind: Behind<T>,
  note: (load: () => T | Promise<T>) => Promise<T>,
): Promise<T> {
  let isCalled = false;
  const load = () => {
    isCalled = true;
    return behind.load();
  };
  try {
    return await note(load);
  } catch (error) {
    if (isCalled) throw error;
    behind.onOwnLoad?.();
    return behind.load();
  }
}
