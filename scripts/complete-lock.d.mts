interface LockPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
}

/** The optional dependencies of the lock file's packages that have no entry in it. */
export function missingFrom(lock: {
  readonly packages: Readonly<Record<string, LockPackage>>;
}): readonly { readonly path: string; readonly name: string; readonly version: string }[];
