import {
  type Allocator,
  allowedDrop,
  budget,
  type CountRules,
  globalThreshold,
  uniform,
} from '@kcr/core';
import { type LatencyTable, latencyByTable } from '@kcr/onnx';

/** Gives the table of latencies of the model before any pruning, which is measured where it is asked for. */
export type Latencies = () => Promise<LatencyTable>;

/** How channels are chosen, by the names that recipes use, from the recipe's budget and which counts it takes. */
export const allocators = {
  uniform: (keepRatio, rules) => uniform({ keepRatio, ...rules }),
  global: (keepRatio, rules) => globalThreshold({ keepRatio, ...rules }),
  macs: (share, rules) => budget({ share, ...rules }),
  params: (share, rules) => budget({ share, cost: 'params', ...rules }),
  latency: (share, rules, latencies) =>
    budget({ share, cost: async (model) => latencyByTable(await latencies(), model), ...rules }),
  /** The budget is in percentage points. */
  drop: (points, rules) => allowedDrop({ points, ...rules }),
} satisfies Record<string, (budget: number, rules: CountRules, latencies: Latencies) => Allocator>;
