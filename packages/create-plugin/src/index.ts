export * from './create-plugin.ts';
export { type KindName, kindNames, kinds } from './kinds.ts';
