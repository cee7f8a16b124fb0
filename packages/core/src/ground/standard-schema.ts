/** Something wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema of any library that follows Standard Schema (zod, valibot, arktype, ...): of values that become `T`, from what may be
 * given as `Input`.
 */
export interface StandardSchema<T, Input = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: Input; readonly output: T } | undefined;
    validate(value: unknown): SchemaResult<T> | Promise<SchemaResult<T>>;
    /** What Standard JSON Schema adds: a description that names the fields. */
    readonly jsonSchema?: {
      input(options: { readonly target: 'draft-2020-12' }): Readonly<Record<string, unknown>>;
    };
  };
}
