import { sizeOf } from '../ground/array.ts';
import type { Generator } from '../ground/random.ts';

/** Draws the first values of a parameter of `shape`. */
export type Initializer = (generator: Generator, shape: readonly number[]) => Float32Array;

const drawn =
  (draw: (generator: Generator) => number): Initializer =>
  (generator, shape) =>
    new Float32Array(sizeOf(shape)).map(() => draw(generator));

export const constantInit = (value: number): Initializer => drawn(() => value);

export const zeros: Initializer = constantInit(0);

export const ones: Initializer = constantInit(1);

/** Normal with standard deviation `std`. */
export const normal = (std: number): Initializer => drawn((g) => g.normal() * std);

/** Normal with standard deviation `std`, as timm's `trunc_normal_`: cut at +-2 (not at 2 std). */
export const truncatedNormal = (std: number): Initializer =>
  drawn((g) => {
    for (;;) {
      const value = g.normal() * std;
      if (Math.abs(value) <= 2) return value;
    }
  });

/** Uniform in +-1/sqrt(fanIn), PyTorch's default for linear and convolution layers. */
export const fanInUniform = (fanIn: number): Initializer => {
  const bound = 1 / Math.sqrt(fanIn);
  return drawn((g) => (2 * g.uniform() - 1) * bound);
};
