import { StartError } from './start-error.js';

/** The variable's text, or undefined when it is unset or empty, as an empty line in `.env` leaves it. */
export function readText(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

interface IntegerRule {
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** What the number is, for the message. */
  readonly unit: string;
}

/** @throws StartError when the variable holds anything but a whole number within the bounds */
export function readInteger(env: NodeJS.ProcessEnv, name: string, rule: IntegerRule): number {
  const text = readText(env, name);
  if (text === undefined) return rule.default;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= rule.min && value <= rule.max) return value;
  throw new StartError(
    `Expected \`${name}\` to be a ${rule.unit}, a whole number from ${rule.min} to ${rule.max}, got \`${text}\`. ` +
      `Correct it, or leave it out for ${rule.default}.`,
  );
}

/** @throws StartError when the variable holds anything but `on` or `off` */
export function readSwitch(env: NodeJS.ProcessEnv, name: string, byDefault: boolean): boolean {
  const text = readText(env, name) ?? (byDefault ? 'on' : 'off');
  if (text === 'on' || text === 'off') return text === 'on';
  throw new StartError(
    `Expected \`${name}\` to be \`on\` or \`off\`, got \`${text}\`. ` +
      `Correct it, or leave it out for \`${byDefault ? 'on' : 'off'}\`.`,
  );
}

/**
 * The variable's text when it is a URL of one of the protocols.
 *
 * @throws StartError otherwise, without the value: it may hold a password
 */
export function readUrl(
  env: NodeJS.ProcessEnv,
  name: string,
  protocols: readonly string[],
): string | undefined {
  const text = readText(env, name);
  if (text === undefined) return undefined;
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  const examples = protocols.map((protocol) => `${protocol}//…`).join(' or ');
  throw new StartError(
    `Expected \`${name}\` to be a URL that starts with ${examples}, got a text that is not ` +
      `(not shown: it may hold a password). Correct it, or leave it out.`,
  );
}
