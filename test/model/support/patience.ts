import { LeaseWait } from '../../../src/engine/lease-wait.js';

const FOR_LONG_MS = 3_600_000;

/**
 * Stops the clock of those who wait for somebody else's load: they look by themselves when the test says so, and not
 * after some real milliseconds, which would make runs differ.
 */
export class Patience {
  private readonly waits = new Set<LeaseWait>();
  private readonly forLease = Object.getOwnPropertyDescriptor(LeaseWait.prototype, 'forLease')!;
  private readonly isOver = Object.getOwnPropertyDescriptor(LeaseWait.prototype, 'isOver')!;

  /** @param isEndless whether they go on waiting when they find the lease still held, or load by themselves */
  constructor(isEndless: boolean) {
    const forLease = this.forLease.value as LeaseWait['forLease'];
    const { waits } = this;
    LeaseWait.prototype.forLease = async function (leaseMs) {
      this['poll'] = FOR_LONG_MS;
      waits.add(this);
      const ending = await forLease.call(this, leaseMs);
      waits.delete(this);
      return ending;
    };
    Object.defineProperty(LeaseWait.prototype, 'isOver', { get: () => !isEndless, configurable: true });
  }

  /** The keys that somebody waits for. */
  get waitedFor(): readonly string[] {
    return [...new Set([...this.waits].map(({ key }) => key))];
  }

  restore(): void {
    Object.defineProperty(LeaseWait.prototype, 'forLease', this.forLease);
    Object.defineProperty(LeaseWait.prototype, 'isOver', this.isOver);
  }
}
