import { hash } from 'node:crypto';
import { compileBuild } from './build-code.js';
import { buildFrom, type Build } from './build.js';
import { readLayout, type Layout } from './place.js';

/** Of the SHA-256 of its text: nobody finds two shapes with the same. */
export const ID_BYTES = 16;

/** What any shape costs beside its text. */
const COST_OF_ANY = 768;

/** To make code and to warm it up costs as much as some hundred values that are made without. */
const VALUES_BEFORE_CODE = 100;

/** Turns false when the process turns out not to make code from strings. */
let mayMakeCode = true;

/** Names and nesting of values that differ in nothing but their leaves. */
export class Shape {
  readonly layout: Layout;
  /** Its text, as it is stored. */
  readonly text: Buffer;
  readonly id: Buffer;
  /** The id again, as four numbers, which are compared in no time. */
  readonly word: number;
  private readonly second: number;
  private readonly third: number;
  private readonly fourth: number;
  /** Of knowing it, in bytes of text. */
  readonly cost: number;
  private madeWithoutCode = 0;
  private compiled: Build | undefined;

  /** @throws Error when it is not the text of a shape */
  constructor(text: string) {
    this.layout = readLayout(text);
    this.text = Buffer.from(text);
    this.cost = COST_OF_ANY + this.text.length;
    this.id = hash('sha256', this.text, 'buffer').subarray(0, ID_BYTES);
    this.word = this.id.readInt32LE(0);
    this.second = this.id.readInt32LE(4);
    this.third = this.id.readInt32LE(8);
    this.fourth = this.id.readInt32LE(12);
  }

  hasIdAt(bytes: Buffer, offset: number): boolean {
    return (
      bytes.readInt32LE(offset) === this.word &&
      bytes.readInt32LE(offset + 4) === this.second &&
      bytes.readInt32LE(offset + 8) === this.third &&
      bytes.readInt32LE(offset + 12) === this.fourth
    );
  }

  /** @throws Error when they are not leaves of such values */
  build(leaves: readonly unknown[]): unknown {
    const { compiled } = this;
    if (compiled !== undefined) return compiled(leaves);
    if (++this.madeWithoutCode === VALUES_BEFORE_CODE) this.compile();
    return buildFrom(this.layout.root, leaves);
  }

  private compile(): void {
    if (!mayMakeCode) return;
    try {
      this.compiled = compileBuild(this.layout.root);
    } catch (error) {
      if (error instanceof EvalError) mayMakeCode = false;
      // Whatever else it was, values go on being made without code.
    }
  }
}
