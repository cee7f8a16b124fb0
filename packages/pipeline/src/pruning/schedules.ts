import { blockwise, iterative, oneShot, type PruningSchedule } from '@kcr/core';

/** When channels are scored and chosen, by the names that recipes use. */
export const schedules = {
  'one-shot': () => oneShot({}),
  iterative: (rounds) => iterative({ rounds }),
  geometric: (rounds) => iterative({ rounds, path: 'geometric' }),
  blockwise: () => blockwise({}),
  'blockwise-top-down': () => blockwise({ order: 'top-down' }),
} satisfies Record<string, (rounds: number) => PruningSchedule>;
