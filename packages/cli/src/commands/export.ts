import { writeAtomic } from '@kcr/core';
import { exportOnnx } from '@kcr/onnx';
import { printResult } from '../output.ts';
import { loadCheckpoint } from '../sources.ts';

/** `kcr export`: a checkpoint as an ONNX file. */
export async function exportCommand(
  checkpoint: string,
  { out, batch, json = false }: { out: string; batch?: number; json?: boolean },
): Promise<void> {
  const { model, weights } = await loadCheckpoint(checkpoint);
  const bytes = exportOnnx(model, weights, { batch });
  await writeAtomic(out, bytes);
  const [height, width, channels] = model.inputShape;
  printResult(
    { file: out, bytes: bytes.length, input: [batch ?? 'batch', channels, height, width] },
    json,
  );
}
