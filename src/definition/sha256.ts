import { createHash } from 'node:crypto';

/** SHA-256 of a text: 64 characters as `hex`, 43 as `base64url`. The text must be well-formed UTF-16. */
export function sha256(text: string, form: 'hex' | 'base64url'): string {
  return createHash('sha256').update(text, 'utf8').digest(form);
}
