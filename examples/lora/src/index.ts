import { lora } from './lora.ts';

export * from './lora.ts';
/** What checkpoints find by name. */
export const adapters = { lora };
