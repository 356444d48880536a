import { channel, type Channel as DiagnosticsChannel } from 'node:diagnostics_channel';

type Listener<T> = (event: T) => void;

/** What stands before the names of the channels of `node:diagnostics_channel`. */
export const DIAGNOSTICS_PREFIX = 'nestjs-roost:';

/**
 * Listeners to one kind of event: those of this application, and whoever subscribed to the channel of
 * `node:diagnostics_channel` with its name. It costs next to nothing while there are none.
 */
export class Channel<T extends object> {
  private listeners: readonly Listener<T>[] = [];
  private readonly diagnostics: DiagnosticsChannel;

  /**
   * @param namespace tells applications of one process apart on the diagnostics channel
   * @param onThrow hears what a listener of this application throws, or rejects with
   */
  constructor(
    name: string,
    private readonly namespace: string,
    private readonly onThrow: (error: unknown) => void,
  ) {
    this.diagnostics = channel(DIAGNOSTICS_PREFIX + name);
  }

  /** Whether anybody listens. Ask before measuring or making anything for an event. */
  get active(): boolean {
    return this.listeners.length > 0 || this.diagnostics.hasSubscribers;
  }

  /** Adds a listener and returns the function that removes it. */
  subscribe(listener: Listener<T>): () => void {
    // Its own wrapper, so that one that is added twice can be removed once.
    const added: Listener<T> = (event) => listener(event);
    this.listeners = [...this.listeners, added];
    return () => {
      this.listeners = this.listeners.filter((other) => other !== added);
    };
  }

  /** Tells all of them. What one throws is told elsewhere: what they hear about goes on. */
  emit(event: T): void {
    for (const listener of this.listeners) this.tell(listener, event);
    if (this.diagnostics.hasSubscribers) this.diagnostics.publish({ namespace: this.namespace, ...event });
  }

  private tell(listener: Listener<T>, event: T): void {
    try {
      const result: unknown = listener(event);
      if (result instanceof Promise) result.catch(this.onThrow);
    } catch (error) {
      this.onThrow(error);
    }
  }
}
