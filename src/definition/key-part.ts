/** Shared by the ESM and the CommonJS build, and never a key of anything that came out of JSON. */
const encodedText: unique symbol = Symbol.for('nestjs-roost:key-part');

/** What one interpolation of a template can be when it has a form of its own; made with `unordered`. */
export interface KeyPart {
  /** The encoded text, as it goes into the key. */
  readonly [encodedText]: string;
}

/** Wraps text that is encoded already. */
export function keyPart(encoded: string): KeyPart {
  return Object.freeze({ [encodedText]: encoded });
}

/** The encoded text of a {@link KeyPart}; `undefined` for anything else. */
export function encodedTextOf(value: object): string | undefined {
  return encodedText in value && typeof value[encodedText] === 'string' ? value[encodedText] : undefined;
}
