/**
 * Prints Jest's figures as the last line, `N passed, N failed`, and lets no run pass that left tests out:
 * a skipped or focused test fails it (unless `-t` asked for a selection). A suite that could not even be
 * loaded counts as one failed.
 */
export default class FiguresReporter {
  #selection;
  #results;

  constructor({ testNamePattern }) {
    this.#selection = Boolean(testNamePattern);
    // At the very end, after whatever Jest itself has to say about open handles.
    process.once('exit', () => {
      if (this.#results) console.log(this.#figures());
    });
  }

  onRunComplete(_contexts, results) {
    this.#results = results;
    if (this.#leftOut() > 0) console.error(`\n${this.getLastError().message}`);
  }

  getLastError() {
    if (this.#leftOut() === 0) return undefined;
    return new Error(
      `${this.#leftOut()} tests did not run: skip, todo and only are not for the main branch.`,
    );
  }

  #leftOut() {
    if (this.#selection || !this.#results) return 0;
    return this.#results.numPendingTests + this.#results.numTodoTests;
  }

  #figures() {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = this.#results;
    return `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`;
  }
}
