import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheCalls } from './calls.js';
import { Transaction, type TransactionParts } from './transaction.js';

/** The transactions under way, each known to what runs inside it. */
export class Transactions {
  private readonly storage = new AsyncLocalStorage<Transaction>();
  private areUsed = false;

  constructor(
    private readonly engine: CacheCalls,
    private readonly parts: TransactionParts,
  ) {}

  /** Answers whoever asks now: the transaction that it is in, or the engine itself. */
  get calls(): CacheCalls {
    return this.areUsed ? (this.storage.getStore() ?? this.engine) : this.engine;
  }

  /**
   * Runs work whose evictions and puts wait for its end. Inside another transaction they then wait for the end of
   * that one.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const transaction = new Transaction(this.calls, this.parts);
    this.areUsed = true;
    let result: T;
    try {
      // Awaited inside: a query builder, which begins when somebody waits for it, is to begin there.
      result = await this.storage.run(transaction, async () => {
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
