/**
 * Replaces a method of an object or prototype with one that is made from it. Returns the function that undoes that.
 */
export function wrapMethod<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  wrap: (original: T[Name]) => T[Name],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const value = wrap(target[name]);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}
