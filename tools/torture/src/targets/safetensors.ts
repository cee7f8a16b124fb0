import { join } from 'node:path';
import { encodeSafetensors, float32, int32, readSafetensors, sizeOf } from '@kcr/core';
import { oneOf } from '../mutate-bytes.ts';
import { mutateSafetensors } from '../mutate-safetensors.ts';
import { type Reader, require } from '../target.ts';

const plain = encodeSafetensors(
  {
    tensors: {
      a: float32([3, 4], 0.5),
      b: int32([5], [1, 2, 3, 4, 5]),
      'c.weight': float32([2, 2, 2], -1),
      d: { dtype: 'bool', shape: [3], data: Uint8Array.of(0, 1, 1) },
    },
    metadata: { format: 'pt', note: 'x' },
  },
  { a: 'F16', b: 'I64' },
);
const bare = encodeSafetensors({ tensors: { w: float32([4], 1), s: float32([]) }, metadata: {} });
const empty = encodeSafetensors({ tensors: {}, metadata: {} });

/** `readSafetensors`: each tensor has the values of its shape, and all together are not more than the file has. */
export const safetensors: Reader = {
  name: 'safetensors',
  ready: async (folder) => ({
    mutate: (generator) => ({
      'x.safetensors': mutateSafetensors(generator, oneOf(generator, [plain, plain, bare, empty])),
    }),
    async read(files) {
      const { tensors, metadata } = await readSafetensors(join(folder, 'x.safetensors'));
      let values = 0;
      for (const [name, { shape, data }] of Object.entries(tensors)) {
        require(data.length === sizeOf(shape), () => `${name}: ${data.length} for [${shape}]`);
        values += data.length;
      }
      const { length } = files['x.safetensors']!;
      require(values <= length, () => `${values} values of a file of ${length} bytes`);
      for (const [key, text] of Object.entries(metadata))
        require(typeof text === 'string', () => `metadata ${key} is a ${typeof text}`);
    },
  }),
};
