import { answerChecker } from "@rollcall/api/testing";
import { run } from "@rollcall/cli";
import type { CliResult } from "./run-cli.js";

/**
 * Checks the answers to the commands against their contracts, since a command would only report that the service does
 * not answer.
 */
const checker = answerChecker(globalThis.fetch);
globalThis.fetch = checker.fetch;

/**
 * Runs `rollcall` to its end in this process: same arguments, same result, without the third of a second that a process
 * takes. Signals, streams and the exit code of a process are tested with `runCli`.
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
