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
      result = await this.scopes.run(transaction, work);
    } catch (error) {
      transaction.drop();
      throw error;
    }
    await transaction.carryOut();
    return result;
  }
}
