export * from './registry.ts';
export { type VitConfig, vit } from './vit.ts';
