import { writeAtomic } from '@kcr/core';
import { exportOnnx } from '@kcr/onnx';
import { printResult } from '../output.ts';
import { loadCheckpoint } from '../sources.ts';

/** `kcr export`: a checkpoint as an ONNX file. */
export async function exportCommand(
  checkpoint: string,
  { out, json = false }: { out: string; json?: boolean },
): Promise<void> {
  const { model, weights } = await loadCheckpoint(checkpoint);
  const bytes = exportOnnx(model, weights);
  await writeAtomic(out, bytes);
  const [height, width, channels] = model.inputShape;
  printResult({ file: out, bytes: bytes.length, input: ['batch', channels, height, width] }, json);
}
