export * from './bounds.ts';
export * from './complexity-analysis.ts';
export {
  type ComplexityOptions,
  type ComplexityReport,
  complexity,
  defaultLandmarks,
} from './complexity-report.ts';
export type { Interval } from './interval.ts';
export { type KcrNystromOptions, kcrNystrom } from './kcr-nystrom.ts';
export * from './kernel-complexity.ts';
export * from './labelled-sums.ts';
export * from './landmark-curve.ts';
export * from './landmarks.ts';
export * from './last-layer.ts';
export * from './nystrom.ts';
export * from './spectrum.ts';
export * from './spectrum-tails.ts';
export * from './tail-losses.ts';
export * from './top-eigen.ts';
