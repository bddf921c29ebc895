import { answerChecker } from "@rollcall/api/testing";
import { run } from "@rollcall/cli";
import type { CliResult } from "./run-cli.js";

/** What the commands are answered is checked by its contract: a command would only say that the service does not answer. */
const checker = answerChecker(globalThis.fetch);
globalThis.fetch = checker.fetch;

/**
 * Runs `rollcall` to its end in this process: the same line, the same result, without the third of a second that a
 * process takes. What belongs to the process itself (signals, streams, its exit code) is tested with `runCli`.
 */
export async function runHere(args: readonly string[], { cwd }: { readonly cwd?: string } = {}): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  const decoder = new TextDecoder();
  const plain = (_style: string, text: string) => text;
  const terminal = {
    out(text: string) {
      stdout += `${text}\n`;
    },
    async write(piece: Uint8Array) {
      stdout += decoder.decode(piece, { stream: true });
    },
    note(text: string) {
      stderr += `${text}\n`;
    },
    ask: async () => undefined,
    ...{ outIsTerminal: false, noteIsTerminal: false, columns: 80, paint: plain, paintNote: plain },
  };
  const interrupts = { hold: () => new AbortController().signal, received: undefined };
  const before = process.cwd();
  process.chdir(cwd ?? before);
  try {
    const code = await run({ argv: args, terminal, interrupts });
    checker.throwMisfit();
    return { code, stdout, stderr };
  } finally {
    process.chdir(before);
  }
}
