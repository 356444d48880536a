import type { Unfinished } from '../store.js';

/** @throws TypeError, after which the connection has to prove that it lives */
export function noAnswer(): never {
  throw new TypeError('Redis answered something else than was asked for.');
}

/** What Redis has answered for each of many keys, if each is what it may be: all are looked at before one is used. */
export function answersIn<T>(
  reply: unknown,
  count: number,
  mayBe: (answer: unknown) => answer is T,
): readonly T[] {
  return Array.isArray(reply) && reply.length === count && reply.every(mayBe) ? reply : noAnswer();
}

/** What lies under a key. */
export function isBytes(answer: unknown): answer is Buffer | null {
  return answer === null || Buffer.isBuffer(answer);
}

/** What was thrown, or rejected with. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * What answers mean that may each be a refusal. That is one of the command if all of them are, else left for each that
 * it concerns.
 *
 * @throws Error the first one, if all are refused
 */
export function settled<Answer, Result>(
  answers: readonly (Answer | Error)[],
  meaning: (answer: Answer, position: number) => Unfinished<Result>,
): readonly Unfinished<Result>[] {
  const [first] = answers;
  if (first instanceof Error && answers.every((answer) => answer instanceof Error)) throw first;
  return answers.map((answer, i) =>
    answer instanceof Error ? () => Promise.reject(answer) : meaning(answer, i),
  );
}
