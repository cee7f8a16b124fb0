import type { Communicator } from '@kcr/core';

/** The processes that run a stage. */
export interface Together {
  readonly communicator: Communicator;
}

/** Whether this is the process that writes to the run's folder. */
export const isFirst = ({ communicator }: Together): boolean => communicator.rank === 0;

/** Does what the first process alone does. The others go on when it is done. */
export async function byFirst(together: Together, work: () => Promise<unknown>): Promise<void> {
  if (isFirst(together)) await work();
  await together.communicator.barrier();
}

/** Does what the first process has to do before the others, which then find it done. */
export async function firstBeforeOthers<T>(together: Together, work: () => Promise<T>): Promise<T> {
  if (isFirst(together)) {
    const result = await work();
    await together.communicator.barrier();
    return result;
  }
  await together.communicator.barrier();
  return await work();
}
