import type { PageContent } from '../content.ts';
import { Cards } from './cards.ts';
import { element } from './element.ts';
import type { Device, Finding, Opened, Requests, Timings } from './messages.ts';
import { remote } from './remote.ts';
import { sentenceOf } from './sentence.ts';
import { speedText, timeText } from './texts.ts';

/** A figure, and its quartiles in small beside or below it. */
function withSpread([figure, quartiles]: readonly [string, string]): (string | HTMLElement)[] {
  const small = document.createElement('small');
  small.textContent = quartiles;
  return [`${figure} `, small];
}

/** The page's parts, and what happens between them. */
class Page {
  readonly #cards: Cards;
  readonly #worker: Requests;
  readonly #says = element('says');
  readonly #measure = element<HTMLButtonElement>('measure');
  readonly #device = element<HTMLSelectElement>('device');
  #findings: readonly Finding[] | undefined;
  #timings: Timings | undefined;
  #opened: Opened | undefined;
  /** Counts what was asked for, so that an answer that comes late is not shown. */
  #asked = 0;

  constructor(private readonly content: PageContent) {
    const worker = new Worker('worker.js', { type: 'module' });
    this.#worker = remote(worker, (progress) => this.#say(progress));
    this.#cards = new Cards(content, (label) => void this.#safely(() => this.#explain(label)));
  }

  async start(): Promise<void> {
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-image]'))
      button.onclick = () => this.#showImage(Number(button.dataset.image));
    const choose = element<HTMLInputElement>('choose');
    choose.onchange = () => {
      const file = choose.files?.[0];
      if (file) this.#show(file);
      choose.value = '';
    };
    this.#acceptDrops();
    this.#measure.onclick = () => this.#safely(() => this.#time());
    this.#device.onchange = () =>
      this.#safely(async () => {
        await this.#open(this.#device.value as Device);
        if (this.#last) await this.#look(...this.#last);
      });
    const maps = document.getElementById('maps') as HTMLInputElement | null;
    if (maps) maps.onchange = () => this.#safely(() => this.#explain());
    await this.#safely(async () => {
      await this.#open('wasm');
      if (this.content.images.length > 0) await this.#showImage(0);
      else this.#say('Choose an image.');
    });
  }

  /** What was shown last: the image, what it is labelled as, and which of the page's it is. */
  #last: [image: Blob, label?: string, chosen?: number] | undefined;

  async #open(device: Device): Promise<void> {
    this.#timings = undefined;
    element('how').textContent = 'Not measured yet.';
    for (const cell of document.querySelectorAll('[data-ms], [data-speedup]'))
      cell.textContent = '–';
    this.#opened = await this.#worker.open(this.content, device);
    this.#offerWebGpu(this.#opened);
  }

  #offerWebGpu({ webgpu }: Opened): void {
    if (!webgpu || this.#device.options.length > 1) return;
    this.#device.add(new Option('graphics processor (WebGPU)', 'webgpu'));
  }

  /** Images may be dropped anywhere. */
  #acceptDrops(): void {
    const { classList } = document.body;
    document.ondragover = (event) => {
      event.preventDefault();
      classList.add('over');
    };
    document.ondragleave = () => classList.remove('over');
    document.ondrop = (event) => {
      event.preventDefault();
      classList.remove('over');
      const file = event.dataTransfer?.files[0];
      if (file) this.#show(file);
    };
  }

  async #showImage(i: number): Promise<void> {
    const { file, label } = this.content.images[i]!;
    await this.#safely(async () => {
      const response = await fetch(file);
      if (!response.ok) throw new Error(`${file}: the server says ${response.status}`);
      await this.#look(await response.blob(), label, i);
    });
  }

  #show(file: Blob): void {
    void this.#safely(() => this.#look(file));
  }

  async #look(image: Blob, label?: string, chosen?: number): Promise<void> {
    const asked = ++this.#asked;
    for (const button of document.querySelectorAll<HTMLElement>('[data-image]'))
      button.ariaPressed = String(Number(button.dataset.image) === chosen);
    const findings = await this.#worker.look(image);
    if (asked !== this.#asked) return;
    this.#last = [image, label, chosen];
    this.#findings = findings;
    this.#cards.show(findings);
    this.#tell();
    await this.#explain();
    if (!this.#timings && asked === this.#asked) await this.#time();
    document.body.dataset.shown = String(asked);
  }

  /** Shows where the models look. @param label of a class; default: the one that each finds most probable */
  async #explain(label?: number): Promise<void> {
    const findings = this.#findings;
    const maps = document.getElementById('maps') as HTMLInputElement | null;
    if (!findings?.[0]?.top || !maps) return;
    const labels = findings.map(({ top }) => label ?? top![0]!.label);
    this.#cards.choose(maps.checked ? labels : undefined);
    const names = [...new Set(labels)].map((one) => this.content.classes[one]!);
    element('explained').textContent =
      label === undefined && names.length > 1 ? 'what it says' : names[0]!;
    const pictures = maps.checked ? await this.#worker.explain(labels) : [];
    if (findings !== this.#findings) return;
    this.#cards.draw(findings, pictures);
    this.#tell();
  }

  async #time(): Promise<void> {
    this.#measure.disabled = true;
    const timings = await this.#worker.measure();
    this.#timings = timings;
    timings.models.forEach(({ ms, speedup }, i) => {
      document.querySelector(`[data-ms="${i}"]`)!.replaceChildren(...withSpread(timeText(ms)));
      const speed = i === 0 ? ['1×'] : withSpread(speedText(speedup));
      document.querySelector(`[data-speedup="${i}"]`)?.replaceChildren(...speed);
    });
    element('how').textContent = this.#howMeasured(timings);
    this.#measure.disabled = false;
    this.#tell();
  }

  #howMeasured({ runs, prepareMs }: Timings): string {
    const { device, threads } = this.#opened!;
    const where =
      device === 'webgpu'
        ? 'WebGPU'
        : threads > 1
          ? `WebAssembly, ${threads} threads`
          : 'WebAssembly, one thread';
    const hint =
      device === 'wasm' && threads === 1
        ? ' More threads need a server that isolates the page (Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy).'
        : '';
    return `One image, ${where}: median and quartiles of ${runs} runs in turn. Resizing the image takes ${prepareMs.toFixed(1)} ms besides.${hint}`;
  }

  /** What is to be seen, in a sentence or two. */
  #tell(): void {
    if (this.#findings)
      this.#say(sentenceOf(this.content, this.#findings, this.#timings, this.#last?.[1]));
  }

  #say(text: string): void {
    const line = document.createElement('p');
    line.textContent = text;
    this.#says.replaceChildren(line);
  }

  /** Shows what went wrong instead of nothing. */
  async #safely(work: () => Promise<void>): Promise<void> {
    const notice = element('error');
    try {
      notice.hidden = true;
      await work();
    } catch (error) {
      notice.textContent = `That did not work: ${error instanceof Error ? error.message : error}`;
      notice.hidden = false;
      this.#tell();
    } finally {
      this.#measure.disabled = !this.#findings;
    }
  }
}

if (location.protocol === 'file:') {
  element('file').hidden = false;
  document.body.classList.add('as-file');
} else void new Page(JSON.parse(element('content').textContent!) as PageContent).start();
