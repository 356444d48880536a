import { compileCopy, type Copy } from './copier-code.js';
import { copyPlain } from './plain-copy.js';
import { ValueShape } from './value-shape.js';

/** To make code and to warm it up costs as much as some hundred copies of a small value. */
const COPIES_BEFORE_CODE = 200;

/** Turns false when the process turns out not to make code from strings. */
let mayMakeCode = true;

/**
 * Makes copies of plain values that have much in common, such as all values of one cache, several times faster than a
 * function that looks at each value: it learns what the values look like, and makes code for just that.
 *
 * There is one function for each copier, of limited size. It is made anew, after twice as many copies as before, when
 * values came that look different; until then, and where no code may be made, copies are made without.
 */
export class Copier {
  private readonly shape = new ValueShape();
  private version = 0;
  private compiled: Copy | undefined;
  private copiesLeft: number;

  constructor(private copiesBeforeCode = COPIES_BEFORE_CODE) {
    this.copiesLeft = copiesBeforeCode;
  }

  /**
   * Tells whether it can copy a value, which is one that the codec has decoded: if so, it may be given to `copy` as
   * often as one likes, as long as nobody changes it. It can't copy what holds anything but primitives, plain
   * objects, arrays without holes, and dates.
   */
  learn(master: unknown): boolean {
    const isPlain = this.shape.include(master);
    if (this.version !== this.shape.version) {
      this.version = this.shape.version;
      this.compiled = undefined;
      this.copiesLeft = this.copiesBeforeCode;
    }
    return isPlain;
  }

  /** A copy of a value that it has learnt. It is deeply equal, and shares no object with it. */
  copy(master: unknown): unknown {
    const { compiled } = this;
    return compiled === undefined ? this.copyWithoutCode(master) : compiled(master);
  }

  private copyWithoutCode(master: unknown): unknown {
    this.copiesLeft -= 1;
    if (this.copiesLeft === 0) this.compile();
    return copyPlain(master);
  }

  private compile(): void {
    if (!mayMakeCode) return;
    try {
      this.compiled = compileCopy(this.shape.root);
      this.copiesBeforeCode *= 2;
    } catch (error) {
      if (error instanceof EvalError) mayMakeCode = false;
      // Whatever else it was, copies go on being made without code.
    }
  }
}
