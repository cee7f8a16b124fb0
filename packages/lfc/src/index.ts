export { type LfsOptions, lfs } from './lfs.ts';
export * from './low-pass.ts';
