import { afterEach, expect, it, vi } from "vitest";
import { ask } from "./client.js";
import { giveToken, token, tokenRefused } from "./token.js";

afterEach(() => vi.unstubAllGlobals());

/** A service that accepts one token; `before` is called before each answer. Returns the tokens that it received. */
function serviceThatTakes(right: string, before: () => void = () => undefined): readonly string[] {
  const shown: string[] = [];
  vi.stubGlobal("fetch", async (_url: string, { headers }: { headers: Record<string, string> }) => {
    const given = headers["authorization"]?.replace("Bearer ", "") ?? "";
    shown.push(given);
    before();
    return given === right ? Response.json({ idScope: "0ne" }) : Response.json({ message: "no" }, { status: 401 });
  });
  return shown;
}

it("a token that is refused is forgotten", async () => {
  giveToken("old");
  serviceThatTakes("new");
  await expect(ask("info")).rejects.toMatchObject({ status: 401 });
  expect([token.value, tokenRefused.value]).toEqual([undefined, true]);
});

it("a token given while the old token is being refused stays, and the request is sent again with it", async () => {
  giveToken("old");
  const shown = serviceThatTakes("new", () => giveToken("new"));
  expect(await ask("info")).toEqual({ idScope: "0ne" });
  expect(shown).toEqual(["old", "new"]);
  expect([token.value, tokenRefused.value]).toEqual(["new", false]);
});
