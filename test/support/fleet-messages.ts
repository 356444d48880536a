import type { FleetCommands } from './fleet-commands.js';

/** What a process of the fleet can be asked to do. */
export type CommandName = keyof FleetCommands;

export interface Command {
  readonly id: number;
  /** `end`: finish what is under way, close everything, and end. */
  readonly name: CommandName | 'end';
  readonly args: readonly unknown[];
}

/** What a process tells its parent: the answer to a command, or that a loader has been called. */
export type Told =
  | { readonly kind: 'started' }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: Error }
  | { readonly kind: 'loading'; readonly item: string };
