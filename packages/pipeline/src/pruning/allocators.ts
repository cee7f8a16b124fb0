import { type Allocator, allowedDrop, budget, globalThreshold, uniform } from '@kcr/core';
import { measureLatency } from '@kcr/onnx';

/** How channels are chosen, by the names that recipes use, from the recipe's budget. */
export const allocators = {
  uniform: (keepRatio) => uniform({ keepRatio }),
  global: (keepRatio) => globalThreshold({ keepRatio }),
  macs: (share) => budget({ share }),
  params: (share) => budget({ share, cost: 'params' }),
  latency: (share) =>
    budget({ share, cost: (model, weights) => measureLatency(model, weights, { runs: 50 }) }),
  /** The budget is in percentage points. */
  drop: (points) => allowedDrop({ points }),
} satisfies Record<string, (budget: number) => Allocator>;
