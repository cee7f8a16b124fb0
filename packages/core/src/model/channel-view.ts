import { inverse, reindex } from '../ops/reindex.ts';
import type { Tensor } from '../tensor/tf.ts';
import { type Dim, viewIndices } from './dim.ts';

/** The channels of `x` that `view` sees; `x` itself while it sees all. [..., base] -> [..., view]. */
export function take(x: Tensor, view: Dim): Tensor {
  const indices = viewIndices(view);
  return indices ? reindex(x, indices, -1) : x;
}

/** Puts a view's channels back in place, zeros elsewhere. [..., view] -> [..., base]. */
export function put(x: Tensor, view: Dim): Tensor {
  const indices = viewIndices(view);
  return indices ? reindex(x, inverse(indices, view.of!.size), -1) : x;
}
