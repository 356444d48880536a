import type { Scopes } from './scopes.js';
import { Transaction, type TransactionParts } from './transaction.js';

/** The transactions under way, each known to what runs inside it. */
export class Transactions {
  constructor(
    private readonly scopes: Scopes,
    private readonly parts: TransactionParts,
  ) {}

  /**
   * Runs work whose evictions and puts wait for its end. Inside another transaction they then wait for the end of
   * that one.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const transaction = new Transaction(this.scopes.calls, this.parts);
    let result: T;
    try {
      // Awaited inside: a query builder, which begins when somebody waits for it, is to begin there.
      result = await this.scopes.run(transaction, async () => {
        const value = await work();
        return value;
      });
    } catch (error) {
      transaction.drop();
      throw error;
    }
    await transaction.carryOut();
    return result;
  }
}
