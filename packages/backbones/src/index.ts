export type { ImageConfig, TransformerConfig } from './config.ts';
export { type EfficientVitConfig, efficientvit } from './efficientvit.ts';
export { type LvVitConfig, lvvit } from './lvvit.ts';
export { type MobileVitConfig, mobilevit, mobilevitVariants } from './mobilevit.ts';
export * from './registry.ts';
export { type SwinConfig, swin } from './swin.ts';
export { vit } from './vit.ts';
export type { VitConfig } from './vit-config.ts';
