import { classNameOf, describeType } from './definition/describe-type.js';
import { CacheError } from './errors.js';

type Rule = (payload: unknown) => unknown;

/** The rules of an application, checked. */
export class RuleBook {
  private readonly rules: ReadonlyMap<string, Rule>;

  /** @throws CacheError `CACHE_INVALID_OPTION` */
  constructor(given: unknown) {
    if (!isPlain(given)) {
      throw new CacheError(
        'CACHE_INVALID_OPTION',
        `Expected \`rules\` to be a plain object of functions by the names of events, got ${describeType(given)}. ` +
          "Write for example { 'user.left': (event) => [tag`user:${event.userId}`] }.",
      );
    }
    const rules = Object.entries(given);
    for (const [event, rule] of rules) {
      if (typeof rule === 'function') continue;
      throw new CacheError(
        'CACHE_INVALID_OPTION',
        `Expected \`rules['${event}']\` to be a function of the event, got ${describeType(rule)}. ` +
          'Write for example (event) => [tag`user:${event.userId}`].',
      );
    }
    this.rules = new Map(rules as [string, Rule][]);
  }

  /** The events that there are rules for. */
  get events(): readonly string[] {
    return [...this.rules.keys()];
  }

  /**
   * What an event makes obsolete.
   *
   * @param isFollowed whether something happens on it without a rule, too
   * @throws CacheError `CACHE_INVALID_USE` when there is no rule for it; what the rule throws
   */
  async evictedBy(event: string, payload: unknown, isFollowed = false): Promise<unknown> {
    const rule = this.rules.get(event);
    if (rule !== undefined) return rule(payload);
    if (isFollowed) return [];
    const known = this.events.length === 0 ? 'none' : this.events.map((name) => `'${name}'`).join(', ');
    throw new CacheError(
      'CACHE_INVALID_USE',
      `Expected \`emit\` to get an event that \`rules\` of CacheModule has, got '${event}'; it has ${known}. ` +
        'Add a rule, or check the spelling.',
    );
  }
}

type Follower = (payload: unknown) => void;

/** Who wants to know of an event when what it makes obsolete is gone. */
export class EventFollowers {
  private readonly followers = new Map<string, readonly Follower[]>();

  /** The events that somebody follows. */
  get events(): readonly string[] {
    return [...this.followers.keys()];
  }

  /** Returns the function that ends it. A follower does not throw. */
  follow(event: string, follower: Follower): () => void {
    this.followers.set(event, [...(this.followers.get(event) ?? []), follower]);
    return () => {
      const others = (this.followers.get(event) ?? []).filter((other) => other !== follower);
      if (others.length > 0) this.followers.set(event, others);
      else this.followers.delete(event);
    };
  }

  isFollowed(event: string): boolean {
    return this.followers.has(event);
  }

  tell(event: string, payload: unknown): void {
    for (const follower of this.followers.get(event) ?? []) follower(payload);
  }
}

/** Of other objects, rules on a prototype or in a map would be missed. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && classNameOf(value) === 'Object';
}
