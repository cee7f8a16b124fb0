import { type Tensor, tf } from '@kcr/core';

/** 1 where a condition holds, else 0, as float32. */
export const flag = (condition: Tensor): Tensor => tf.cast(condition, 'float32');
