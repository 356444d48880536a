import { beforeDeadline } from '../../engine/before-deadline.js';
import { newToken } from '../../engine/token.js';
import type { RedisNode } from './redis-client.js';

const NO_ANSWER = new Error('no answer');

/**
 * Makes connections that owe an answer prove that they live: one that does not echo a random text in time is dropped,
 * and made anew. It may hang, lead to nowhere, or have lost count of its replies.
 */
export class Liveness {
  private isChecking = false;

  constructor(
    private readonly nodes: () => readonly RedisNode[],
    /** Longest wait for the echo, milliseconds. */
    private readonly deadline: number,
  ) {}

  /** Checks all connections, unless that is being done. */
  check(): void {
    if (this.isChecking) return;
    this.isChecking = true;
    const proofs = this.nodes().map((node) => this.prove(node));
    void Promise.all(proofs).finally(() => {
      this.isChecking = false;
    });
  }

  private async prove(node: RedisNode): Promise<void> {
    // One that is being dropped counts as ready until it is closed.
    if (node.status !== 'ready' || !node.stream.writable) return;
    const text = newToken();
    try {
      const echo = await beforeDeadline(
        this.deadline,
        () => node.ping(text),
        () => NO_ANSWER,
      );
      if (echo === text) return;
    } catch (error) {
      // A refusal is an answer.
      if (error instanceof Error && error.name === 'ReplyError') return;
    }
    node.disconnect(true);
  }
}
