import { routes } from "@rollcall/protocol";

const patterns = Object.values(routes).map(({ method, path }) => ({
  method,
  matches: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`, "i"),
}));

/** The methods that exist for the path of this URL; empty when the path is unknown. */
export function allowedMethods(url: string): readonly string[] {
  const [path = ""] = url.split("?", 1);
  return patterns.filter((each) => each.matches.test(path)).map((each) => each.method);
}
