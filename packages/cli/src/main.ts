import { run } from "./cli.js";
import { createInterrupts } from "./terminal/interrupts.js";
import { createTerminal } from "./terminal/terminal.js";

// `rollcall explain x | head` closes the pipe early, which is not a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

process.exitCode = await run({
  argv: process.argv.slice(2),
  terminal: createTerminal(process.stdin, process.stdout, process.stderr),
  interrupts: createInterrupts(),
});
