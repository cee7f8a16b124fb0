import { templateName } from './template-name.ts';

export * from './template-name.ts';
/** What recipes and checkpoints find by name. */
export const heads = { template_name: templateName };
