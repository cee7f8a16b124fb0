/** Sizes are multiples of this. */
const STEP = 256;

/** The first region, and how large regions get by doubling, in bytes. */
const [FIRST, LARGEST] = [2 ** 20, 2 ** 30];

/** Of a free piece that is larger than what is asked for by less, all is given away, unless it is twice as large. */
const KEPT = 128 * 2 ** 20;

/** A page: a process has the pages that were written to. */
const PAGE = 2 ** 12;

/** A piece of a region. */
export interface Piece {
  readonly region: number;
  readonly start: number;
  bytes: number;
  before?: Piece;
  after?: Piece;
}

/**
 * ONNX Runtime's allocator as a count, without memory: regions that double up to 1 GiB and are kept, the smallest free piece that is large
 * enough for what is asked, and free neighbours joined. So it takes more than what is in use at once, and once there are several regions
 * of 1 GiB all of them get written to in time.
 */
export class Arena {
  /** Whether bytes of each region were written to, by pages. */
  readonly #written: Uint8Array[] = [];
  readonly #free = new Set<Piece>();
  #next = FIRST;

  /** Bytes that were written to at some time, in whole pages. */
  get written(): number {
    const pages = this.#written.map((region) => region.reduce((sum, is) => sum + is, 0));
    return PAGE * pages.reduce((sum, n) => sum + n, 0);
  }

  /** @param bytes above 0 */
  take(bytes: number): Piece {
    const size = STEP * Math.ceil(bytes / STEP);
    const piece = this.#smallest(size) ?? this.#extend(size);
    this.#free.delete(piece);
    if (piece.bytes >= 2 * size || piece.bytes - size >= KEPT) this.#split(piece, size);
    const [first, last] = [piece.start, piece.start + bytes].map((at) => at / PAGE);
    this.#written[piece.region]!.fill(1, Math.floor(first!), Math.ceil(last!));
    return piece;
  }

  give(piece: Piece): void {
    const { before, after } = piece;
    if (after && this.#free.has(after)) this.#join(piece, after);
    if (before && this.#free.has(before)) this.#join(before, piece);
    else this.#free.add(piece);
  }

  /** The smallest free piece that is large enough; of equal ones that of the newest region, which has the lowest addresses. */
  #smallest(size: number): Piece | undefined {
    let best: Piece | undefined;
    for (const piece of this.#free)
      if (piece.bytes >= size && (!best || comesFirst(piece, best))) best = piece;
    return best;
  }

  #extend(size: number): Piece {
    const bytes = size > LARGEST ? size : this.#regionFor(size);
    const piece = { region: this.#written.length, start: 0, bytes };
    this.#written.push(new Uint8Array(Math.ceil(bytes / PAGE)));
    this.#free.add(piece);
    return piece;
  }

  /** The next region's size, which doubles where it would do, for the one after. */
  #regionFor(size: number): number {
    const given = this.#next;
    while (this.#next < size) this.#next *= 2;
    const bytes = this.#next;
    if (bytes === given) this.#next = Math.min(2 * bytes, LARGEST);
    return bytes;
  }

  #split(piece: Piece, size: number): void {
    const rest: Piece = {
      region: piece.region,
      start: piece.start + size,
      bytes: piece.bytes - size,
      before: piece,
      after: piece.after,
    };
    if (rest.after) rest.after.before = rest;
    piece.after = rest;
    piece.bytes = size;
    this.#free.add(rest);
  }

  /** Makes a piece one with its neighbour. */
  #join(piece: Piece, after: Piece): void {
    this.#free.delete(after);
    piece.bytes += after.bytes;
    piece.after = after.after;
    if (piece.after) piece.after.before = piece;
  }
}

/** Whether of two free pieces that are large enough the first is taken. */
const comesFirst = (a: Piece, b: Piece): boolean =>
  (a.bytes - b.bytes || b.region - a.region || a.start - b.start) < 0;
