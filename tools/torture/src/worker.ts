// A process that reads damaged files of one target, case after case, as `files.ts` tells it.
import { mkdir } from 'node:fs/promises';
import { type Answer, tryCase } from './case.ts';
import type { ReadyTarget } from './target.ts';
import { targets } from './targets/index.ts';

/** What to read, and where. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly folder: string;
  /** Absent: only make ready. */
  readonly case?: number;
}

/** `failed` where there is nothing to read. */
export type Reply = Answer | { readonly outcome: 'ready' | 'failed'; readonly message: string };

let ready: ReadyTarget | undefined;

async function makeReady({ target, folder }: Order): Promise<ReadyTarget> {
  const found = targets.find(({ name }) => name === target)!;
  await mkdir(folder, { recursive: true });
  return found.ready(folder);
}

async function reply(order: Order): Promise<Reply> {
  ready ??= await makeReady(order);
  if (order.case === undefined) return { outcome: 'ready', message: '' };
  return tryCase(ready, { ...order, case: order.case }, order.folder);
}

process.on('message', (order: Order) => {
  reply(order).then(
    (found) => process.send?.(found),
    (error: Error) => process.send?.({ outcome: 'failed', message: String(error.stack) }),
  );
});
