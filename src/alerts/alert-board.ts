import type { AlertFacts, CacheAlertRule } from './alert-rule.js';
import type { CacheAlert } from './cache-alert.js';

/**
 * Which alerts are raised. Each is raised once and cleared once: what comes back over the threshold, but not as far as
 * it clears, changes nothing.
 */
export class AlertBoard {
  private readonly raised = new Map<string, CacheAlert>();

  constructor(
    private readonly rules: readonly CacheAlertRule[],
    /** Hears of a rule that throws. */
    private readonly onThrow: (rule: string, error: unknown) => void,
  ) {}

  /** Those that are raised. */
  get active(): readonly CacheAlert[] {
    return [...this.raised.values()];
  }

  isRaised(name: string): boolean {
    return this.raised.has(name);
  }

  /** What changes with these facts. */
  judge(facts: AlertFacts): readonly CacheAlert[] {
    return this.rules.flatMap((rule) => this.judgeOne(rule, facts) ?? []);
  }

  private judgeOne(rule: CacheAlertRule, facts: AlertFacts): CacheAlert | undefined {
    const { name, summary, above, below } = rule;
    const value = this.measure(rule, facts);
    if (value === undefined || !Number.isFinite(value)) return undefined;
    const isRaised = this.raised.has(name);
    const raise = above ?? below ?? 0;
    const clear = rule.clear ?? raise;
    const isBeyond = above === undefined ? value < raise : value > raise;
    const isWell = !isBeyond && (above === undefined ? value >= clear : value <= clear);
    const alert = { name, summary, value, at: facts.now };
    if (!isRaised && isBeyond) {
      const raised: CacheAlert = { ...alert, state: 'raised', threshold: raise };
      this.raised.set(name, raised);
      return raised;
    }
    if (!isRaised || !isWell) return undefined;
    this.raised.delete(name);
    return { ...alert, state: 'cleared', threshold: clear };
  }

  private measure(rule: CacheAlertRule, facts: AlertFacts): number | undefined {
    try {
      return rule.measure(facts);
    } catch (error) {
      this.onThrow(rule.name, error);
      return undefined;
    }
  }
}
