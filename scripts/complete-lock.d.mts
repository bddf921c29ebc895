interface LockPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
}

/** The optional dependencies that the lock file's packages ask for and that it has no entry of. */
export function missingFrom(lock: {
  readonly packages: Readonly<Record<string, LockPackage>>;
}): readonly { readonly path: string; readonly name: string; readonly version: string }[];
