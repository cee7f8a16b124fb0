import { z } from 'zod';

const numbers = z.array(z.number()).min(1);
const side = z.int().positive();
/** A list, or a table from a class's number to its name. */
const labels = z.union([z.array(z.string().min(1)), z.record(z.string(), z.string().min(1))]);

/** A table from a class's name to its number. */
const classMap = z.record(z.string().min(1), z.int().min(0));

/** What timm's `PretrainedCfg` says of images and classes; it has more fields, which change nothing here. */
const pretrainedFields = z.looseObject({
  tag: z.string().nullish(),
  input_size: z.tuple([side, side, side]).optional(),
  interpolation: z.string().optional(),
  crop_pct: z.number().positive().max(1).nullish(),
  crop_mode: z.enum(['center', 'squash', 'border']).optional(),
  mean: numbers.optional(),
  std: z.array(z.number().positive()).min(1).optional(),
  num_classes: z.int().min(0).optional(),
  label_names: labels.nullish(),
  class_map: classMap.nullish(),
});

/** A `config.json` as timm's `save_for_hf` writes it. */
export const timmFields = z.looseObject({
  architecture: z.string().min(1),
  num_classes: z.int().min(0).optional(),
  num_features: z.int().positive().nullish(),
  global_pool: z.string().optional(),
  label_names: labels.nullish(),
  class_map: classMap.nullish(),
  model_args: z.record(z.string(), z.unknown()).nullish(),
  pretrained_cfg: pretrainedFields,
});

export type TimmFile = z.output<typeof timmFields>;

/** Options of a model that a file says beside `model_args`, in fields that timm makes the model by. */
export const SAID_BY_FIELDS = {
  in_chans: ({ pretrained_cfg }: TimmFile) => pretrained_cfg.input_size?.[0],
  img_size({ pretrained_cfg: { input_size } }: TimmFile) {
    const [, height, width] = input_size ?? [];
    return height === width ? height : [height, width];
  },
  num_classes: (file: TimmFile) => file.num_classes ?? file.pretrained_cfg.num_classes,
} as const;
