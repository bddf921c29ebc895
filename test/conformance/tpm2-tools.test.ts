import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { swtpmProgram } from "./swtpm.js";
import { comparable, ourBench, swtpmBench, type ToolBench, tpm2Tools } from "./tpm2-tools.js";
import { toolScripts } from "./tpm2-tools.rows.js";

const absent = [swtpmProgram === undefined ? "swtpm" : [], tpm2Tools === undefined ? "tpm2-tools" : []].flat();
const missing = absent.length > 0;
const reason = missing ? ` (needs ${absent.join(" and ")}: apt-get install ${absent.join(" ")})` : "";
if (missing) console.warn(`${absent.join(", ")} not on the PATH: our TPM under other people's tools is NOT tested`);

/** Runs the same task on our TPM and on swtpm. */
async function onBoth<T>(task: (bench: ToolBench) => Promise<T>): Promise<{ readonly ours: T; readonly theirs: T }> {
  const [mine, other] = await Promise.all([ourBench("tools"), swtpmBench()]);
  try {
    const [ours, theirs] = await Promise.all([task(mine), task(other)]);
    return { ours, theirs };
  } finally {
    await Promise.all([mine.stop(), other.stop()]);
  }
}

async function printed(bench: ToolBench, lines: readonly string[]): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (const line of lines) {
    const formOnly = line.startsWith("? ");
    all.push({ line, ...Object(comparable(await bench.run(formOnly ? line.slice(2) : line), formOnly)) });
  }
  return all;
}

describe.skipIf(missing)(`tpm2-tools print the same on our TPM and on swtpm${reason}`, { concurrent: true }, () => {
  test.each(toolScripts)("$title", { timeout: 60_000 }, async ({ lines }) => {
    const { ours, theirs } = await onBoth((bench) => printed(bench, lines));
    expect(ours).toEqual(theirs);
  });
});

/** The blocks of a capability's list by name, `name:` and the indented lines that follow. */
function blocks(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/^(\w+):(.*\n(?: .*\n?)*)/gm);
  return new Map([...found].map(([, name = "", rest = ""]) => [name, rest.trim()]));
}

describe.skipIf(missing)(`tpm2_getcap on our TPM and on swtpm${reason}`, { concurrent: true }, () => {
  test.each([
    { list: "algorithms", atLeast: 20 },
    { list: "commands", atLeast: 98 },
    { list: "ecc-curves", atLeast: 2 },
  ])("$list: our entries have the same description as swtpm's", async ({ list, atLeast }) => {
    const { ours, theirs } = await onBoth(async (bench) => blocks((await bench.run(`tpm2_getcap ${list}`)).stdout));
    expect(ours.size).toBeGreaterThanOrEqual(atLeast);
    for (const [name, text] of ours) expect({ name, text }).toEqual({ name, text: theirs.get(name) });
  });

  // Properties that identify the maker, and sizes.
  const ownFixed =
    /MANUFACTURER|VENDOR_STRING|FIRMWARE_VERSION|HR_\w+_MIN|MEMORY|CLOCK_UPDATE|CONTEXT_HASH|MAX_\w+_CONTEXT/;
  const ownVariable = /_AVAIL|LOADED_CURVES/;
  test.each([
    { list: "properties-fixed", own: ownFixed, atLeast: 40 },
    { list: "properties-variable", own: ownVariable, atLeast: 20 },
  ])("$list: the same values but for $own", async ({ list, own, atLeast }) => {
    const { ours, theirs } = await onBoth(async (bench) => blocks((await bench.run(`tpm2_getcap ${list}`)).stdout));
    expect(ours.size).toBeGreaterThanOrEqual(atLeast);
    expect([...ours.keys()].filter((name) => !theirs.has(name))).toEqual([]);
    const shared = [...ours].filter(([name]) => !own.test(name));
    for (const [name, text] of shared) expect({ name, text }).toEqual({ name, text: theirs.get(name) });
  });

  test("pcrs: our three banks among theirs; handles-pcr and handles-permanent", async () => {
    const lists = ["pcrs", "handles-pcr", "handles-permanent"];
    const { ours, theirs } = await onBoth(async (bench) => {
      const runs = [];
      for (const list of lists) runs.push((await bench.run(`tpm2_getcap ${list}`)).stdout.trim().split("\n"));
      return runs;
    });
    expect(ours.map(({ length }) => length)).toEqual([4, 24, 6]);
    for (const [index, lines] of ours.entries()) expect(theirs[index]).toEqual(expect.arrayContaining(lines));
  });
});

describe.skipIf(missing)(`a credential crosses between our TPM and swtpm${reason}`, { concurrent: true }, () => {
  const prepare = [
    "tpm2_createek -c ek.ctx -G rsa -u ek.pub",
    "tpm2_createak -C ek.ctx -c ak.ctx -G rsa -g sha256 -s rsassa -u ak.pub -n ak.name",
    "tpm2_startauthsession -S sess.ctx --policy-session && tpm2_policysecret -S sess.ctx -c e",
  ];
  const make =
    "echo 12345678 > cred; tpm2_makecredential -u other.pub -s cred -o cred.blob -n $(od -An -v -tx1 other.name | tr -d ' \\n')";
  const activate =
    "tpm2_activatecredential -c ak.ctx -C ek.ctx -i crossed.blob -o cred.out -P session:sess.ctx && cat cred.out";

  test.each([
    { title: "made by swtpm, opened by ours", makerIsOurs: false },
    { title: "made by ours, opened by swtpm", makerIsOurs: true },
  ])("$title", { timeout: 60_000 }, async ({ makerIsOurs }) => {
    const [ours, theirs] = await Promise.all([ourBench("cross"), swtpmBench()]);
    const [maker, opener] = makerIsOurs ? [ours, theirs] : [theirs, ours];
    try {
      for (const line of prepare) expect(await opener.run(line)).toMatchObject({ code: 0 });
      copyFileSync(join(opener.folder, "ek.pub"), join(maker.folder, "other.pub"));
      copyFileSync(join(opener.folder, "ak.name"), join(maker.folder, "other.name"));
      expect(await maker.run(make)).toMatchObject({ code: 0 });
      copyFileSync(join(maker.folder, "cred.blob"), join(opener.folder, "crossed.blob"));
      const opened = await opener.run(activate);
      expect({ code: opened.code, last: opened.stdout.trim().split("\n").at(-1) }).toEqual({
        code: 0,
        last: "12345678",
      });
    } finally {
      await Promise.all([ours.stop(), theirs.stop()]);
    }
  });
});
