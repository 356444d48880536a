/** A function that the user gave to a decorator; what it takes and returns has been checked by the compiler. */
export type UserFunction = (...args: readonly unknown[]) => unknown;
