/** What this process knows of the tags in Redis. */
export interface KnownTokens {
  /** Grows whenever this process learns of an eviction of tags. */
  readonly age: number;
  /**
   * The token of a tag, when this process is sure of it.
   *
   * @param now for who asks for many
   */
  confirmed(tag: string, now?: number): string | undefined;
  /** Redis has just told this token. */
  confirm(tag: string, token: string): void;
  /** Redis has none. */
  forget(tag: string): void;
}
