import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chance, flipBit } from '../mutate-bytes.ts';
import { type Json, mutateJson } from '../mutate-json.ts';
import { writeInputs } from '../stage-inputs.ts';
import { stageOf } from '../stages.ts';
import { type Reader, require } from '../target.ts';

/** `prune` into a folder where that is done: from any `prune.json` that it takes it comes to the same weights. */
export const pruned: Reader = {
  name: 'prune-json',
  async ready(folder) {
    const [inputs, whole] = [`${folder}-inputs`, `${folder}-whole`];
    const cascade = stageOf('cascade');
    await writeInputs(inputs);
    await cascade.run(inputs, folder);
    await cp(folder, whole, { recursive: true });
    const read = () => readFile(join(folder, 'model.safetensors'));
    const [file, weights] = [await readFile(join(folder, 'prune.json')), await read()];
    const json = JSON.parse(file.toString()) as Json;
    return {
      mutate: (generator) => ({
        'prune.json': chance(generator, 0.5)
          ? flipBit(generator, file)
          : mutateJson(generator, json),
      }),
      async read() {
        try {
          await cascade.run(inputs, folder);
          require(weights.equals(await read()), () => 'other weights than before');
          const again = await readFile(join(folder, 'prune.json'), 'utf8');
          const { identity } = JSON.parse(again) as { identity?: object };
          require(identity !== undefined, () => 'a prune.json without an identity was left');
        } finally {
          await rm(folder, { recursive: true });
          await cp(whole, folder, { recursive: true });
        }
      },
    };
  },
};
