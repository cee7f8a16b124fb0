export * from './gumbel.ts';
export { type GumbelMasksOptions, gumbelMasks } from './gumbel-masks.ts';
export { type TemperatureOptions, temperature } from './temperature.ts';
