/** @throws TypeError, after which the connection has to prove that it lives */
export function noAnswer(): never {
  throw new TypeError('Redis answered something else than was asked for.');
}

/** What Redis has answered for each of many keys. */
export function answersIn<T>(reply: readonly T[], count: number): readonly T[] {
  return Array.isArray(reply) && reply.length === count ? reply : noAnswer();
}
