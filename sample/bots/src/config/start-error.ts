/** Stops the start with a sentence that says what to change. It is printed without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
