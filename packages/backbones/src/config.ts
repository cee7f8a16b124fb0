import { type OptionRanges, shareOption, wholeFrom, widthOption, wrongConfig } from '@kcr/core';

/** Options that every image classifier has, under timm's names. */
export interface ImageConfig {
  /** Side of the square image, or its height and width. */
  img_size: number | readonly [height: number, width: number];
  in_chans: number;
  /** 0 for features alone. */
  num_classes: number;
}

/** Options of a plain transformer over patches. */
export interface TransformerConfig extends ImageConfig {
  patch_size: number;
  embed_dim: number;
  depth: number;
  num_heads: number;
  mlp_ratio: number;
  qkv_bias: boolean;
  /** Largest drop path rate; block i of n has i / (n - 1) of it. */
  drop_path_rate: number;
}

/** Blocks in a row. */
export const depthOption = wholeFrom(0, 512);

/** Hidden channels for each channel. */
export const ratioOption = { min: 1 / 64, max: 64 };

/** Ranges of {@link ImageConfig}. */
export const imageRanges: OptionRanges<ImageConfig> = {
  img_size: { ...wholeFrom(1, 4096), pair: true },
  in_chans: wholeFrom(1, 1024),
  num_classes: wholeFrom(0, 2 ** 16),
};

/** Ranges of {@link TransformerConfig}. */
export const transformerRanges: OptionRanges<TransformerConfig> = {
  ...imageRanges,
  patch_size: wholeFrom(1, 256),
  embed_dim: widthOption,
  depth: wholeFrom(1, 512),
  num_heads: wholeFrom(1, 1024),
  mlp_ratio: ratioOption,
  drop_path_rate: shareOption,
};

/** Blocks, and positions in all blocks, that a model may have: what is known of tokens is kept for each. */
const [MOST_BLOCKS, MOST_POSITIONS] = [1024, 2 ** 25];

/** Height and width, where one number may stand for both. */
export const pairOf = (size: number | readonly [number, number]): readonly [number, number] =>
  typeof size === 'number' ? [size, size] : size;

/** Height and width of the image. */
export const imageSize = ({ img_size }: Pick<ImageConfig, 'img_size'>): readonly [number, number] =>
  pairOf(img_size);

/**
 * Checks that a model can be built in a moment: many blocks or many tokens, not both.
 *
 * @param config with the size of the image
 * @param stride pixels to a token, where tokens are most
 * @throws KcrError `MODEL_CONFIG`
 */
export function checkTokens(
  where: string,
  config: Pick<ImageConfig, 'img_size'>,
  stride: number,
  { blocks, perBlock = 0 }: { blocks: number | readonly number[]; perBlock?: number },
): void {
  const count = [blocks].flat().reduce((sum, n) => sum + n, 0);
  const [rows, columns] = imageSize(config).map((side) => side / stride) as [number, number];
  if (count > MOST_BLOCKS || count * (rows * columns + perBlock) > MOST_POSITIONS)
    throw wrongConfig(
      where,
      `${count} blocks over ${Math.ceil(rows)} x ${Math.ceil(columns)} tokens`,
      'Choose fewer blocks (depth, depths), smaller images or windows, or larger patches',
    );
}

/** An architecture's `input` from its configuration. */
export const imageInput = (config: ImageConfig) => ({
  shape: [...imageSize(config), config.in_chans] as const,
  classes: config.num_classes,
});

/** @throws KcrError `MODEL_CONFIG` where patches do not fill the image */
export function checkPatches(
  where: string,
  config: Pick<TransformerConfig, 'img_size' | 'patch_size'>,
): void {
  for (const side of new Set(imageSize(config)))
    checkDivides(where, 'img_size by patch_size', side, config.patch_size);
}

/** @throws KcrError `MODEL_CONFIG` where patches do not fill the image or heads the embedding */
export function checkTransformer(where: string, config: TransformerConfig): void {
  checkPatches(where, config);
  checkDivides(where, 'embed_dim by num_heads', config.embed_dim, config.num_heads);
  checkTokens(where, config, config.patch_size, { blocks: config.depth });
}

/** @throws KcrError `MODEL_CONFIG` unless `divisor` divides `value` */
export function checkDivides(where: string, what: string, value: number, divisor: number): void {
  if (value % divisor !== 0)
    throw wrongConfig(where, `${what}: ${value} by ${divisor}`, 'Choose sizes that divide evenly');
}

/** @throws KcrError `MODEL_CONFIG` unless all lists have as many entries as the first */
export function checkLengths(where: string, lists: Readonly<Record<string, readonly unknown[]>>) {
  const lengths = Object.values(lists).map((list) => list.length);
  if (new Set(lengths).size > 1)
    throw wrongConfig(
      where,
      `${Object.keys(lists).join(', ')} of ${lengths.join(', ')} entries`,
      'Give one entry for each stage',
    );
}

/** Drop path rates of `count` blocks in a row, from 0 to `rate` (timm's `calculate_drop_path_rates`). */
export const dropPathRates = (rate: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (rate * i) / Math.max(count - 1, 1));
