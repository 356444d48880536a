import type { MethodCall } from './method-call.js';
import type { Place, ReadingStep } from './method-plan.js';

/** A reading step of one call, and whether its `when` lets it read. */
export interface PlannedRead {
  readonly step: ReadingStep;
  readonly isWanted: boolean;
}

/** Answers a call: the first cache is asked, which asks the second one, and so on; the last one runs the method. */
export function answer(reads: readonly PlannedRead[], call: MethodCall): unknown {
  const first = reads.reduceRight<Link | undefined>(
    (behind, read) => new Link(read, call, behind),
    undefined,
  );
  return first === undefined ? call.proceed() : first.answer();
}

/** One of the steps that answer a call, before the others. */
class Link implements Place {
  #isOwn = false;

  constructor(
    private readonly read: PlannedRead,
    private readonly call: MethodCall,
    private readonly behind: Link | undefined,
  ) {}

  readonly load = (): unknown => {
    const { behind, call } = this;
    return behind === undefined ? call.proceed() : behind.answer();
  };

  readonly onOwnLoad = (): void => {
    this.#isOwn = true;
  };

  get mayStore(): boolean {
    return this.behind === undefined || this.behind.isNew;
  }

  /** Whether it answered with what the method returned, in this very call. */
  get isNew(): boolean {
    return this.#isOwn && this.mayStore;
  }

  answer(): Promise<unknown> {
    const { step, isWanted } = this.read;
    return isWanted ? step.read(this.call, this) : step.passBy(this.call, this);
  }
}
