import { classify, type ModelFile, openModel } from './classify.ts';

const find = <E extends Element>(selector: string) => document.querySelector<E>(selector)!;

const status = find<HTMLElement>('[role=status]');
const shown = find<HTMLImageElement>('img');
const table = find<HTMLTableElement>('table');

async function load() {
  const [file, model] = await Promise.all(
    ['model.onnx', 'model.json'].map(async (path) => {
      const response = await fetch(path);
      if (!response.ok) throw new Error(`${path} is not there: see README.md`);
      return response;
    }),
  );
  return {
    session: await openModel(new Uint8Array(await file!.arrayBuffer())),
    model: (await model!.json()) as ModelFile,
  };
}

/** The pixels of an image, squashed to the model's size. */
async function pixelsOf(file: File, { input }: ModelFile): Promise<Uint8ClampedArray> {
  const [, height, width] = input.input_size;
  const bitmap = await createImageBitmap(file);
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

try {
  status.textContent = 'Loading the model';
  const { session, model } = await load();
  status.textContent = `Tells ${model.classes.length} classes apart. The image stays on this machine.`;
  find<HTMLInputElement>('input').addEventListener('change', async ({ target }) => {
    const file = (target as HTMLInputElement).files?.[0];
    if (!file) return;
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
    const guesses = await classify(session, model, await pixelsOf(file, model));
    table.replaceChildren(
      ...guesses.slice(0, 5).map(({ name, probability }) => {
        const row = document.createElement('tr');
        for (const text of [name, `${(100 * probability).toFixed(1)} %`])
          row.insertCell().textContent = text;
        return row;
      }),
    );
  });
} catch (error) {
  status.textContent = String(error);
}
