import type { BridgeRedisClient, BridgeRedisNode } from './guarded-client.js';

/** Carries out an operation within a deadline, or refuses to. */
export type Run = <T>(act: () => Promise<T>) => Promise<T>;

/** A client whose commands all pass a gate. */
export function gatedClient(client: BridgeRedisClient, run: Run): BridgeRedisClient {
  const gatedNode = (node: BridgeRedisNode): BridgeRedisNode => ({
    scan: (...args) => run(() => node.scan(...args)),
  });
  return {
    ...gatedNode(client),
    get: (key) => run(() => client.get(key)),
    set: (key: string, text: string, ...expiry: [px: 'PX', milliseconds: number] | []) =>
      run(() => (expiry.length === 0 ? client.set(key, text) : client.set(key, text, ...expiry))),
    unlink: (...keys) => run(() => client.unlink(...keys)),
    pttl: (key) => run(() => client.pttl(key)),
    ...('nodes' in client && { nodes: (role) => (client.nodes?.(role) ?? []).map(gatedNode) }),
  };
}
