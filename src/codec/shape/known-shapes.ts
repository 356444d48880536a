import { LRUCache } from 'lru-cache';
import { leavesOf } from './leaves-of.js';
import { Shape } from './shape.js';
import { shapeTextOf } from './shape-of.js';

/** Of the shapes that were met last, those are known that cost so much in all: some 1,000 of objects. */
const LIMITS = { maxSize: 1024 * 1024, sizeCalculation: ({ cost }: Shape) => cost };
/** So many of the shapes that were written last are tried before a value is asked for its own. */
const MAX_GUESSES = 8;

/** A value, in two parts. */
export interface Shaped {
  readonly shape: Shape;
  readonly leaves: readonly unknown[];
}

/** The shapes that this process has met. */
export class KnownShapes {
  /** By the first word of their ids. */
  private readonly read = new LRUCache<number, Shape>(LIMITS);
  /** By their texts. */
  private readonly written = new LRUCache<string, Shape>(LIMITS);
  /** The latest first. */
  private readonly guesses: Shape[] = [];

  /** `undefined` when the value has no shape; an error when it has one that is too large. */
  split(value: unknown): Shaped | undefined {
    const { guesses } = this;
    for (let index = 0; index < guesses.length; index++) {
      const shape = guesses[index]!;
      const leaves = leavesOf(value, shape.layout);
      if (leaves === undefined) continue;
      if (index > 0) this.putFirst(shape, index);
      return { shape, leaves };
    }
    const text = shapeTextOf(value);
    if (text === undefined) return undefined;
    const shape = this.withText(text);
    const leaves = leavesOf(value, shape.layout);
    if (leaves === undefined) return undefined;
    this.putFirst(shape, guesses.length);
    return { shape, leaves };
  }

  /** The shape with the id that stands there, if it is known. */
  find(bytes: Buffer, offset: number): Shape | undefined {
    const shape = this.read.get(bytes.readInt32LE(offset));
    return shape?.hasIdAt(bytes, offset) ? shape : undefined;
  }

  remember(shape: Shape): void {
    this.read.set(shape.word, shape);
  }

  private withText(text: string): Shape {
    const known = this.written.get(text);
    if (known !== undefined) return known;
    const made = new Shape(text);
    const shape = this.find(made.id, 0) ?? made;
    if (shape === made) this.remember(shape);
    this.written.set(text, shape);
    return shape;
  }

  private putFirst(shape: Shape, index: number): void {
    const { guesses } = this;
    if (guesses.length < MAX_GUESSES && index === guesses.length) guesses.push(shape);
    guesses.copyWithin(1, 0, index);
    guesses[0] = shape;
  }
}
