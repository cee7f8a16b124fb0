import { templateName } from './template-name.ts';

export * from './template-name.ts';
/** What checkpoints find by name. */
export const architectures = { template_name: templateName };

const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** What recipes find by name, with what differs from the defaults. */
export const models = {
  template_name_tiny: { architecture: templateName, config: {}, normalization },
  template_name_small: { architecture: templateName, config: { depths: [2, 4] }, normalization },
};
