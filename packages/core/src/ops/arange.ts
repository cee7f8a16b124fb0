import { float32, sizeOf } from '../ground/array.ts';
import type { Tensor } from '../tensor/tf.ts';
import { constant } from '../trace/tracer.ts';

/** 0, 1, 2, ... in a shape, row by row, each plus `offset`: a float32 constant of the step. */
export const arange = (shape: readonly number[], offset = 0): Tensor =>
  constant(
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + offset),
    ),
  );
