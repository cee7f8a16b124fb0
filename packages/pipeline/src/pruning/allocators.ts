import {
  type Allocator,
  allowedDrop,
  budget,
  type CostMeasure,
  type CountRules,
  globalThreshold,
  uniform,
} from '@kcr/core';
import { measureLatency } from '@kcr/onnx';

/** How channels are chosen, by the names that recipes use, from the recipe's budget and which counts it takes. */
export const allocators = {
  uniform: (keepRatio, rules = {}) => uniform({ keepRatio, ...rules }),
  global: (keepRatio, rules = {}) => globalThreshold({ keepRatio, ...rules }),
  macs: (share, rules = {}) => budget({ share, ...rules }),
  params: (share, rules = {}) => budget({ share, cost: 'params', ...rules }),
  latency: (share, rules = {}) => budget({ share, cost: latency, ...rules }),
  /** The budget is in percentage points. */
  drop: (points, rules = {}) => allowedDrop({ points, ...rules }),
} satisfies Record<string, (budget: number, rules?: CountRules) => Allocator>;

const latency: CostMeasure = (model, weights) => measureLatency(model, weights, { runs: 50 });
