import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileInference, writeSafetensors } from '@kcr/core';
import { createOnnxEngine, exportOnnx } from '@kcr/onnx';
import { channelsFirst } from './channels-first.ts';
import type { ExportCase } from './export-cases.ts';
import { noise } from './helpers.ts';

/** Writes cases as files of one folder: `NAME.onnx`, and `NAME.safetensors` with images and what the model gives for them. */
export async function writeExports(
  folder: string,
  cases: Readonly<Record<string, () => ExportCase>>,
): Promise<void> {
  for (const [name, make] of Object.entries(cases)) {
    const { model, weights } = make();
    await using engine = createOnnxEngine();
    engine.set(weights);
    await using inference = compileInference(engine, model);
    const image = noise([2, ...model.inputShape], 1);
    const { logits, ...others } = await inference({ image });
    const outputs = logits
      ? { ...others, logits: logits.shape.length > 2 ? channelsFirst(logits) : logits }
      : others;
    const path = join(folder, name);
    await writeFile(`${path}.onnx`, await exportOnnx(model, weights));
    await writeSafetensors(`${path}.safetensors`, {
      tensors: { ...outputs, pixel_values: channelsFirst(image) },
      metadata: {},
    });
  }
}
