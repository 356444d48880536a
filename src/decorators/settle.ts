/** Waits for all of them, each failure told to `onError`. Rejects only with what `onError` throws. */
export async function settle(
  work: readonly Promise<unknown>[],
  onError: (error: unknown) => void,
): Promise<void> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === 'rejected') onError(outcome.reason);
}
