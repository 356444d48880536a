/** What an instance of the application in `fleet-warmup-worker.ts` is to do. */
export interface WarmupWork {
  readonly url: string;
  readonly namespace: string;
  /** The items of its warmup. */
  readonly ids: readonly string[];
  /** The item whose load never ends. */
  readonly hangsAt?: string;
}

/** What it tells. */
export type WarmupTold =
  | { readonly kind: 'loading'; readonly id: string }
  | {
      readonly kind: 'event';
      /** Of its warmup; or that it is up. */
      readonly event: 'ready' | 'started' | 'progress' | 'finished' | 'skipped';
      readonly done?: number | undefined;
      readonly outcome?: string | undefined;
      readonly reason?: string | undefined;
    };
