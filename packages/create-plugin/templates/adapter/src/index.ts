import { templateName } from './template-name.ts';

export * from './template-name.ts';
/** What checkpoints find by name. */
export const adapters = { 'template-name': templateName };
