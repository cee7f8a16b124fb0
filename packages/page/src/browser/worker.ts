import type { Answer, Question, Requests } from './messages.ts';
import { Viewer } from './viewer.ts';

// The page stays responsive while models run: they run here.
const page = globalThis as unknown as {
  postMessage(answer: Answer): void;
  onmessage: (message: { data: Question }) => void;
};

let current = 0;
const viewer: Requests = new Viewer(new URL('.', import.meta.url).href, (progress) =>
  page.postMessage({ id: current, progress }),
);
let last: Promise<unknown> = Promise.resolve();

async function answer({ id, method, args }: Question): Promise<void> {
  current = id;
  try {
    const call = viewer[method] as (...args: readonly unknown[]) => Promise<unknown>;
    page.postMessage({ id, value: await call.apply(viewer, [...args]) });
  } catch (error) {
    page.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

// One after another: a session runs one image at a time.
page.onmessage = ({ data }) => {
  last = last.then(() => answer(data));
};
