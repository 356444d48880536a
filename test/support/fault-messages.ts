import type { FaultCommands } from './fault-commands.js';

/** What a process of a fault test can be asked to do. */
export type FaultCommandName = keyof FaultCommands;

export interface FaultCommand {
  readonly id: number;
  /** `end`: close everything, and end. */
  readonly name: FaultCommandName | 'end';
  readonly args: readonly unknown[];
}

/** What a process tells its parent. */
export type FaultTold =
  | { readonly kind: 'started' }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: Error };
