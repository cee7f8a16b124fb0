// What reads data, in threads of its own too, needs no tensors: `@kcr/core/ground` loads without TensorFlow.js.
import './ground/one-copy.ts';

export * from './ground/array.ts';
export * from './ground/channel-order.ts';
export * from './ground/error.ts';
export * from './ground/error-codes.ts';
export * from './ground/in-turn.ts';
export * from './ground/random.ts';
export * from './ground/resampling.ts';
export * from './ground/web-assembly.ts';
export * from './model/preprocessing.ts';
export * from './train/top-classes.ts';
