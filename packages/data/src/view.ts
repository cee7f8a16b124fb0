/** A height and a width, in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** How an image lies on a canvas: resized, then shifted, then the canvas mirrored. */
export interface View {
  /** Size of the image. */
  readonly source: Size;
  /** Size of the resized image. */
  readonly scaled: Size;
  readonly canvas: Size;
  /** Rows of the resized image above the canvas, and columns left of it; below 0: free space there. */
  readonly top: number;
  readonly left: number;
  readonly flipX?: boolean;
  readonly flipY?: boolean;
}
