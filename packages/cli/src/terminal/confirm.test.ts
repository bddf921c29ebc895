import { expect, it } from "vitest";
import { recordingTerminal } from "../testing/recording-terminal.js";
import { confirm } from "./confirm.js";

it.each(["y", "Y", "yes", " YES "])("%j is consent", async (answer) => {
  const terminal = recordingTerminal({ columns: 80, answer });
  await confirm(terminal, "delete x", undefined);
  expect(terminal.written).toEqual({ out: "", notes: "delete x? (y/N) " });
});

it.each(["", "n", "no", "yesterday", "x"])("%j is not consent", async (answer) => {
  const terminal = recordingTerminal({ columns: 80, answer });
  await expect(confirm(terminal, "delete x", undefined)).rejects.toMatchObject({ kind: "interrupted" });
});

it("without a terminal, --yes is required", async () => {
  await expect(confirm(recordingTerminal(), "delete x", false)).rejects.toMatchObject({
    kind: "usage",
    next: "the same command with --yes",
  });
  await confirm(recordingTerminal(), "delete x", true);
});
