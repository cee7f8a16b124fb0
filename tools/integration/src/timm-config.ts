interface TimmOptions {
  readonly img_size: number;
  readonly embed_dim: number;
  readonly num_classes: number;
}

/**
 * A `config.json` as timm's `save_for_hf` writes it.
 *
 * @param name of the model, without a tag
 * @param options that differ from the name's
 */
export const timmConfig = <T extends TimmOptions>(name: string, options: T, classes: string[]) => ({
  architecture: name,
  num_classes: options.num_classes,
  num_features: options.embed_dim,
  global_pool: 'token',
  model_args: options,
  pretrained_cfg: {
    input_size: [3, options.img_size, options.img_size],
    interpolation: 'bicubic',
    crop_pct: 0.9,
    crop_mode: 'center',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    num_classes: options.num_classes,
    label_names: classes,
    classifier: 'head',
  },
});
