export * from './bounds.ts';
export * from './complexity.ts';
export * from './complexity-analysis.ts';
export { type KcrNystromOptions, kcrNystrom } from './kcr-nystrom.ts';
export * from './landmarks.ts';
export * from './loss.ts';
export * from './nystrom.ts';
export * from './spectrum.ts';
export * from './top-eigen.ts';
