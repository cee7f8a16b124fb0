export * from './assignment.ts';
export { bottleneckAnalysis } from './bottleneck-analysis.ts';
export { type IbBoundOptions, ibBound } from './ib-bound.ts';
export * from './information.ts';
export * from './k-means.ts';
export * from './loss.ts';
export * from './measure.ts';
export * from './pooled-pixels.ts';
