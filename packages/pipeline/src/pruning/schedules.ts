import { cascade, iterative, oneShot, type PruningSchedule } from '@kcr/core';

/** When channels are scored and chosen, by the names that recipes use. */
export const schedules = {
  'one-shot': () => oneShot(),
  iterative: (rounds) => iterative({ rounds }),
  cascade: () => cascade(),
  'cascade-top-down': () => cascade({ order: 'top-down' }),
} satisfies Record<string, (rounds: number) => PruningSchedule>;
