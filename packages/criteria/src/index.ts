export { type MagnitudeOptions, magnitude } from './magnitude.ts';
export { random } from './random.ts';
export { type TaylorOptions, taylor } from './taylor.ts';
