import type { PageContent } from '../content.ts';
import { colourOf, hexOf } from '../look/colours.ts';
import type { Finding, Picture, ShownObject } from './messages.ts';
import { percent } from './texts.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Objects and classes that are listed; the rest is counted. */
const LISTED = 5;

/** A row of a list: a name, a share, and a bar as long as that. */
interface Row {
  readonly name: string;
  readonly share: number;
  readonly colour?: string;
  /** What a click on it asks for. */
  readonly onClick?: () => void;
  /** Of rows that can be chosen: which class they are of. */
  readonly label?: number;
}

/** A text that may be broken between the words of a name such as `HerbaceousVegetation` or `traffic_light`. */
const breakable = (text: string): (string | HTMLElement)[] =>
  text
    .split(/(?<=[a-z])(?=[A-Z])|(?<=[_/-])/)
    .flatMap((part, i) => (i === 0 ? [part] : [document.createElement('wbr'), part]));

function rowOf({ name, share, colour, onClick, label }: Row): HTMLLIElement {
  const item = document.createElement('li');
  const row = document.createElement(onClick ? 'button' : 'div');
  row.className = 'row';
  if (row instanceof HTMLButtonElement) {
    row.type = 'button';
    row.onclick = onClick!;
    row.dataset.label = String(label);
    row.ariaPressed = 'false';
    row.title = `Where it looks for ${name}`;
  }
  const value = document.createElement('data');
  const [text, bar, filled] = ['span', 'span', 'i'].map((tag) => document.createElement(tag)) as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
  ];
  text.className = 'name';
  if (colour) {
    const dot = document.createElement('i');
    dot.className = 'dot';
    dot.style.background = colour;
    text.append(dot);
  }
  text.append(...breakable(name));
  value.className = 'share';
  value.value = String(share);
  value.textContent = percent(share);
  bar.className = 'bar';
  filled.style.width = `${100 * share}%`;
  bar.append(filled);
  row.append(text, value, bar);
  item.append(row);
  return item;
}

/** The models' cards: what each was shown and what it says. */
export class Cards {
  readonly #cards = [...document.querySelectorAll<HTMLElement>('.model')];

  /** @param explain asked for where the models look for a class */
  constructor(
    private readonly content: PageContent,
    private readonly explain: (label: number) => void,
  ) {
    const models = document.querySelector<HTMLElement>('.models')!;
    models.style.setProperty('--columns', models.dataset.columns!);
  }

  /** Shows what the models say. */
  show(findings: readonly Finding[]): void {
    findings.forEach((finding, i) => {
      const card = this.#cards[i]!;
      const rows = this.#rowsOf(finding, i);
      card.querySelector('.found')!.replaceChildren(...rows.slice(0, LISTED).map(rowOf));
      const more = card.querySelector<HTMLElement>('.more')!;
      more.hidden = rows.length <= LISTED && rows.length > 0;
      more.textContent = rows.length === 0 ? 'nothing found' : `and ${rows.length - LISTED} more`;
      this.#drawBoxes(card, finding);
    });
    this.draw(findings, []);
  }

  /** Draws the images, under their maps where there are any. */
  draw(findings: readonly Finding[], maps: readonly (Picture | undefined)[]): void {
    findings.forEach((finding, i) => {
      const { data, width, height } = maps[i] ?? finding.picture;
      const canvas = this.#cards[i]!.querySelector('canvas')!;
      [canvas.width, canvas.height] = [width, height];
      canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0);
      canvas.ariaLabel = this.#describe(finding, i, maps[i] !== undefined);
    });
  }

  /** Marks the classes that maps are shown for. @param labels of each model */
  choose(labels: readonly number[] | undefined): void {
    this.#cards.forEach((card, i) => {
      for (const row of card.querySelectorAll<HTMLElement>('button.row'))
        row.ariaPressed = String(Number(row.dataset.label) === labels?.[i]);
    });
  }

  #rowsOf({ top, objects, shares }: Finding, i: number): Row[] {
    const { classes, models } = this.content;
    if (top)
      return top.map(({ label, probability }) => ({
        name: classes[label]!,
        share: probability,
        label,
        ...(models[i]!.map && { onClick: () => this.explain(label) }),
      }));
    if (objects)
      return objects.map((object, n) => ({
        name: classes[object.label]!,
        share: object.score,
        colour: this.#colourOf(object, n),
      }));
    return shares!.map(({ label, share }) => ({
      name: classes[label]!,
      share,
      colour: hexOf(colourOf(label)),
    }));
  }

  /** Of one class each object has a colour, of several each class. */
  #colourOf({ label }: ShownObject, i: number): string {
    return hexOf(colourOf(this.content.classes.length > 1 ? label : i));
  }

  #drawBoxes(card: HTMLElement, { objects = [], picture }: Finding): void {
    const svg = card.querySelector('svg')!;
    svg.setAttribute('viewBox', `0 0 ${picture.width} ${picture.height}`);
    svg.replaceChildren(
      ...objects.map((object, i) => {
        const [left, top, right, bottom] = object.box;
        const rect = document.createElementNS(SVG, 'rect');
        for (const [name, value] of Object.entries({
          x: left,
          y: top,
          width: right - left,
          height: bottom - top,
          stroke: this.#colourOf(object, i),
        }))
          rect.setAttribute(name, String(value));
        return rect;
      }),
    );
  }

  #describe({ top, objects, shares }: Finding, i: number, mapped: boolean): string {
    const { name } = this.content.models[i]!;
    const class0 = (label: number) => this.content.classes[label]!;
    if (top)
      return `the image as ${name} is given it${mapped ? ', with where it looks in red' : ''}`;
    if (objects) return `the image with the ${objects.length} objects that ${name} finds`;
    return `the image with ${name}'s class of each pixel, mostly ${class0(shares![0]!.label)}`;
  }
}
