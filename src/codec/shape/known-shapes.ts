import { leavesOf } from './leaves-of.js';
import { Shape } from './shape.js';
import { shapeTextOf } from './shape-of.js';

/** So many of the shapes that were met last are known, or twice as many. */
const MAX_SHAPES = 500;
/** So many of the shapes that were written last are tried before a value is asked for its own. */
const MAX_GUESSES = 16;

/** A value, in two parts. */
export interface Shaped {
  readonly shape: Shape;
  readonly leaves: readonly unknown[];
}

/** The shapes that this process has met. */
export class KnownShapes {
  /** By the first word of their ids. */
  private young = new Map<number, Shape>();
  private old = new Map<number, Shape>();
  /** The latest first. */
  private readonly guesses: Shape[] = [];

  /** `undefined` when the value has no shape; an error when it has one that is too large. */
  split(value: unknown): Shaped | undefined {
    for (let index = 0; index < this.guesses.length; index++) {
      const shape = this.guesses[index]!;
      const leaves = leavesOf(value, shape.layout);
      if (leaves === undefined) continue;
      if (index > 0) this.putFirst(shape, index);
      return { shape, leaves };
    }
    const shape = this.shapeOf(value);
    const leaves = shape && leavesOf(value, shape.layout);
    if (leaves === undefined) return undefined;
    this.putFirst(shape!, this.guesses.length);
    return { shape: shape!, leaves };
  }

  /** The shape with the id that stands there, if it is known. */
  find(bytes: Buffer, offset: number): Shape | undefined {
    const first = bytes.readInt32LE(offset);
    const shape = this.young.get(first) ?? this.old.get(first);
    if (shape === undefined) return undefined;
    const { words } = shape;
    if (
      words[1] !== bytes.readInt32LE(offset + 4) ||
      words[2] !== bytes.readInt32LE(offset + 8) ||
      words[3] !== bytes.readInt32LE(offset + 12)
    ) {
      return undefined;
    }
    if (!this.young.has(first)) this.remember(shape);
    return shape;
  }

  remember(shape: Shape): void {
    if (this.young.size >= MAX_SHAPES) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(shape.words[0], shape);
  }

  private shapeOf(value: unknown): Shape | undefined {
    const text = shapeTextOf(value);
    if (text === undefined) return undefined;
    const made = new Shape(text);
    const known = this.find(made.id, 0);
    if (known === undefined) this.remember(made);
    return known ?? made;
  }

  private putFirst(shape: Shape, index: number): void {
    const { guesses } = this;
    guesses.copyWithin(1, 0, index);
    guesses[0] = shape;
    if (guesses.length > MAX_GUESSES) guesses.length = MAX_GUESSES;
  }
}
