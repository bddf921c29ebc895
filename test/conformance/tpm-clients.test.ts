import { describe, expect, test } from "vitest";
import { swtpmProgram } from "./swtpm.js";
import { ibmScripts, opensslScripts } from "./tpm-clients.rows.js";
import { ibmTss, ourBench, swtpmBench, type ToolBench, type ToolRun, tpm2Openssl } from "./tpm2-tools.js";

interface Needs {
  readonly title: string;
  readonly missing: boolean;
}

/** The package that a test of a client needs besides swtpm, the reference. */
function needs(title: string, packageName: string, present: string | undefined): Needs {
  const absent = [swtpmProgram === undefined ? "swtpm" : [], present === undefined ? packageName : []].flat();
  if (absent.length === 0) return { title, missing: false };
  console.warn(`${absent.join(", ")} not installed: ${title} is NOT tested`);
  return { title: `${title} (needs ${absent.join(" and ")}: apt-get install ${absent.join(" ")})`, missing: true };
}

/** Exit status of a line, and its output if that is compared. IBM's utilities print the TPM's response code. */
function ended({ code, stdout, stderr }: ToolRun, printsTheSame: boolean): unknown {
  const refusal = /\brc ([0-9a-f]{8})\b/.exec(stdout)?.[1];
  return { code, refusal, ...(printsTheSame ? { stdout } : {}), ...(code === -1 ? { stderr } : {}) };
}

async function outcomes(bench: ToolBench, lines: readonly string[]): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (const line of lines) {
    const printsTheSame = line.startsWith("= ");
    const run = await bench.run(printsTheSame ? line.slice(2) : line);
    all.push({ line, ...Object(ended(run, printsTheSame)) });
  }
  return all;
}

async function onBoth(lines: readonly string[], keepsObjects: boolean) {
  const [mine, other] = await Promise.all([ourBench("clients"), swtpmBench({ keepsObjects })]);
  try {
    const [ours, theirs] = await Promise.all([outcomes(mine, lines), outcomes(other, lines)]);
    return { ours, theirs };
  } finally {
    await Promise.all([mine.stop(), other.stop()]);
  }
}

const ibm = needs("IBM's TSS utilities end the same on our TPM and on swtpm", "tss2", ibmTss);
const openssl = needs("OpenSSL's TPM provider ends the same on our TPM and on swtpm", "tpm2-openssl", tpm2Openssl);

describe.skipIf(ibm.missing)(ibm.title, { concurrent: true }, () => {
  test.each(ibmScripts)("$title", { timeout: 60_000 }, async ({ lines }) => {
    const { ours, theirs } = await onBoth(lines, true);
    expect(ours).toEqual(theirs);
  });
});

describe.skipIf(openssl.missing)(openssl.title, { concurrent: true }, () => {
  test.each(opensslScripts)("$title", { timeout: 60_000 }, async ({ lines }) => {
    const { ours, theirs } = await onBoth(lines, false);
    expect(ours).toEqual(theirs);
    // Every line of these scripts must succeed.
    expect(theirs).toEqual(theirs.map((each) => expect.objectContaining({ ...Object(each), code: 0 })));
  });
});
