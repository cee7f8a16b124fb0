import { pvt } from './pvt.ts';

export * from './pvt.ts';
/** What checkpoints find by name. */
export const architectures = { pvt };

const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** What recipes find by name, with what differs from the defaults. */
export const models = {
  pvt_micro: { architecture: pvt, config: {}, normalization },
  pvt_mini: { architecture: pvt, config: { depths: [2, 2, 2, 2] }, normalization },
};
