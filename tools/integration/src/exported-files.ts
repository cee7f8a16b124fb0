import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '@kcr/core';
import { createOnnxEngine, exportOnnx } from '@kcr/onnx';
import type { ExportCase } from './export-cases.ts';
import { exportReference } from './export-reference.ts';

/** Writes cases as files of one folder: `NAME.onnx`, and `NAME.safetensors` with images and what the model gives for them. */
export async function writeExports(
  folder: string,
  cases: Readonly<Record<string, () => ExportCase>>,
): Promise<void> {
  for (const [name, make] of Object.entries(cases)) {
    const { model, weights } = make();
    await using engine = createOnnxEngine();
    engine.set(weights);
    const { pixels, outputs } = await exportReference(engine, model, 2);
    const path = join(folder, name);
    await writeFile(`${path}.onnx`, await exportOnnx(model, weights));
    await writeSafetensors(`${path}.safetensors`, {
      tensors: { ...outputs, pixel_values: pixels },
      metadata: {},
    });
  }
}
