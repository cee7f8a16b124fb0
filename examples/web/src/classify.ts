import { InferenceSession, Tensor } from 'onnxruntime-web';

/** What the page reads of a checkpoint's `model.json`. */
export interface ModelFile {
  readonly classes: readonly string[];
  readonly input: {
    /** [channels, height, width] */
    readonly input_size: readonly [number, number, number];
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}

/** A class and its probability. */
export interface Guess {
  readonly name: string;
  readonly probability: number;
}

/**
 * Pixels as the exported file takes them.
 *
 * @param pixels of the model's size, [height, width, RGBA], 0 to 255, as a canvas gives them
 * @returns float32 [1, channels, height, width], normalised
 */
export function inputOf(pixels: Uint8ClampedArray, { input }: ModelFile): Tensor {
  const [channels, height, width] = input.input_size;
  const data = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < height * width; i++)
      data[c * height * width + i] = (pixels[4 * i + c]! / 255 - input.mean[c]!) / input.std[c]!;
  return new Tensor('float32', data, [1, channels, height, width]);
}

/** Probabilities of logits. */
export function softmax(logits: Float32Array): Float32Array {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = logits.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Opens a file of `kcr export`. */
export const openModel = (file: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(file, { executionProviders: ['wasm'] });

/** The classes of an image, the likeliest first. */
export async function classify(
  session: InferenceSession,
  model: ModelFile,
  pixels: Uint8ClampedArray,
): Promise<Guess[]> {
  const { logits } = await session.run({ pixel_values: inputOf(pixels, model) });
  const probabilities = softmax(logits!.data as Float32Array);
  return model.classes
    .map((name, i) => ({ name, probability: probabilities[i]! }))
    .sort((a, b) => b.probability - a.probability);
}
