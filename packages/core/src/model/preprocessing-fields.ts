import { z } from 'zod';
import { CROP_MODES, INTERPOLATIONS } from './preprocessing.ts';

/** Normalisation as files say it. Its lengths are 1 or those of the channels, which the model knows. */
export const normalizationFields = z.strictObject({
  mean: z.array(z.number()).min(1),
  std: z.array(z.number().positive()).min(1),
});

const side = z.int().positive();

/** Preprocessing as files say it. */
export const preprocessingFields = normalizationFields.extend({
  input_size: z.tuple([side, side, side]),
  interpolation: z.enum(INTERPOLATIONS),
  crop_pct: z.number().positive().max(1),
  crop_mode: z.enum(CROP_MODES),
  resize: z.strictObject({ shortest_edge: side, longest_edge: side }).optional(),
});
