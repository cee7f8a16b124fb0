import { classify, type Guess, type ModelFile, openModel } from './classify.ts';

const find = <E extends Element>(selector: string) => document.querySelector<E>(selector)!;

const input = find<HTMLInputElement>('input');
const status = find<HTMLElement>('[role=status]');
const shown = find<HTMLImageElement>('img');
const table = find<HTMLTableElement>('table');

/** A file beside the page. Servers for development give the page itself for files that are not there. */
async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok || response.headers.get('content-type')?.startsWith('text/html'))
    throw new Error(`${path} is not there: see README.md`);
  return response;
}

async function load() {
  const [file, model] = await Promise.all(['model.onnx', 'model.json'].map(fetched));
  return {
    session: await openModel(new Uint8Array(await file!.arrayBuffer())),
    model: (await model!.json()) as ModelFile,
  };
}

/** The pixels of an image, squashed to the model's size. */
function pixelsOf(image: ImageBitmap, { input }: ModelFile): Uint8ClampedArray {
  const [, height, width] = input.input_size;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function show(file: File | undefined, guesses: readonly Guess[]): void {
  URL.revokeObjectURL(shown.src);
  shown.hidden = file === undefined;
  if (file) shown.src = URL.createObjectURL(file);
  table.replaceChildren(
    ...guesses.slice(0, 5).map(({ name, probability }) => {
      const row = document.createElement('tr');
      for (const text of [name, `${(100 * probability).toFixed(1)} %`])
        row.insertCell().textContent = text;
      return row;
    }),
  );
}

try {
  status.textContent = 'Loading the model';
  const { session, model } = await load();
  const ready = `Tells ${model.classes.length} classes apart. The image stays on this machine.`;
  status.textContent = ready;
  input.disabled = false;
  input.addEventListener('change', async () => {
    const file = input.files?.[0];
    if (!file) return;
    const image = await createImageBitmap(file).catch(() => undefined);
    const guesses = image && (await classify(session, model, pixelsOf(image, model)));
    if (file !== input.files?.[0]) return; // another one was chosen meanwhile
    status.textContent = guesses ? ready : `${file.name} is no image that this browser reads.`;
    show(guesses && file, guesses ?? []);
  });
} catch (error) {
  status.textContent = error instanceof Error ? error.message : String(error);
}
