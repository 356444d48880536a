import { CacheError } from '../errors.js';

const SHOWN_STEPS = 6;
const MAX_NAME_LENGTH = 40;

/**
 * Why a value cannot be stored, and where in it that is. It gathers the path while it climbs out of the walk,
 * so that a walk that meets nothing of the kind does not pay for one.
 */
export class Refusal extends Error {
  /** The deepest first, as the parents they lead away from. */
  private readonly steps: string[] = [];
  private readonly parents: object[] = [];

  /** @param got what was found there: its kind, never its content */
  constructor(
    private readonly got: string,
    options?: { readonly cause?: unknown },
  ) {
    super(got, options);
  }

  /** Whatever was thrown: accessors and `toJSON` may throw anything. */
  static of(thrown: unknown): Refusal {
    return thrown instanceof Refusal ? thrown : new Refusal('an error when reading it', { cause: thrown });
  }

  /** Whatever was thrown below a place, with that place added to its path. */
  static at(thrown: unknown, parent: object, step: string): Refusal {
    const refusal = Refusal.of(thrown);
    refusal.steps.push(step);
    refusal.parents.push(parent);
    return refusal;
  }

  toCacheError(): CacheError {
    const steps = this.steps.toReversed();
    const circle = findCircle(this.parents.toReversed());
    const path = pathOf(circle === undefined ? steps : steps.slice(0, circle.end));
    const got =
      circle === undefined ? this.got : `a reference back to \`${pathOf(steps.slice(0, circle.start))}\``;
    return new CacheError(
      'CACHE_UNCACHEABLE_VALUE',
      `Expected \`${path}\` to be data that can be stored, got ${got}. Leave it out, or return a plain form of it.`,
      this.cause === undefined ? {} : { cause: this.cause },
    );
  }
}

/** The step that leads to a field. A name that is no identifier may be content (a mail address), so it is not shown. */
export function fieldStep(name: string): string {
  return name.length <= MAX_NAME_LENGTH && /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : '[…]';
}

function pathOf(steps: readonly string[]): string {
  const shown =
    steps.length <= 2 * SHOWN_STEPS
      ? steps
      : [...steps.slice(0, SHOWN_STEPS), ' … ', ...steps.slice(-SHOWN_STEPS)];
  return `value${shown.join('')}`;
}

/** Where a chain of parents first comes back to one of its own members. */
function findCircle(chain: readonly object[]): { readonly start: number; readonly end: number } | undefined {
  const indexes = new Map<object, number>();
  for (const [end, parent] of chain.entries()) {
    const start = indexes.get(parent);
    if (start !== undefined) return { start, end };
    indexes.set(parent, end);
  }
  return undefined;
}
