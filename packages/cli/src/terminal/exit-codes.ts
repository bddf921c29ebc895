/** Exit codes and their meaning (99 to 105 as in k6). */
export const exitCodes = {
  done: { code: 0, meaning: "done" },
  unexpected: { code: 1, meaning: "unexpected failure" },
  usage: { code: 2, meaning: "wrong usage: a flag or an argument" },
  unreachable: { code: 3, meaning: "the service cannot be reached, or was not ready in time" },
  notFound: { code: 4, meaning: "not found" },
  conflict: { code: 5, meaning: "conflict: it exists, it is in use, the ETag differs, or a port is taken" },
  refused: { code: 6, meaning: "the device was refused; rollcall explain says why" },
  unsafe: { code: 7, meaning: "refused for safety: target not allowed, location in use" },
  threshold: { code: 99, meaning: "the run finished, but devices did not end as expected" },
  configuration: { code: 104, meaning: "a configuration, seed or fleet file is invalid" },
  stopped: { code: 105, meaning: "the run was stopped by a signal; its report is partial" },
  interrupted: { code: 130, meaning: "interrupted" },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

export type ExitKind = keyof typeof exitCodes;

/** The table as `rollcall --help` prints it. */
export function exitCodeHelp(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `Exit codes:\n${rows.join("\n")}`;
}
