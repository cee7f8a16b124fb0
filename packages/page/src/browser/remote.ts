import type { Answer, Method, Question, Requests } from './messages.ts';

/** Asks a worker. @param tell hears what goes on */
export function remote(worker: Worker, tell: (progress: string) => void): Requests {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let id = 0;
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data.progress !== undefined) return tell(data.progress);
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error === undefined) asked?.resolve(data.value);
    else asked?.reject(new Error(data.error));
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.values())
      reject(new Error(message || 'worker.js did not start'));
    waiting.clear();
  };
  const ask =
    (method: Method) =>
    (...args: unknown[]) =>
      new Promise((resolve, reject) => {
        waiting.set(++id, { resolve, reject });
        worker.postMessage({ id, method, args } satisfies Question);
      });
  return Object.fromEntries(
    (['open', 'look', 'explain', 'measure'] as const).map((method) => [method, ask(method)]),
  ) as unknown as Requests;
}
