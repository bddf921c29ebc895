import { faultAt, type JsonFault, type NameSeen, readNames } from "./json-fault.js";

/**
 * The first fault in the text of an initial twin: invalid JSON, a name that occurs twice in its object (only the last
 * would count), or a name that the service would drop since it is neither a tag nor a desired property.
 */
export function findTwinFault(text: string): JsonFault | undefined {
  const read = readNames(text);
  if ("fault" in read) return read.fault;
  const start = text.search(/\S/);
  if (text[start] !== "{") {
    return faultAt(text, start, "the initial twin must be an object with tags and properties.desired");
  }
  const seen = new Set<string>();
  for (const { path, offset } of read.names) {
    const key = JSON.stringify(path);
    const name = JSON.stringify(path.at(-1));
    if (seen.has(key))
      return faultAt(text, offset, `${name} occurs twice in this object; only the last one would count`);
    seen.add(key);
    const stray = strayProblem(path);
    if (stray !== undefined) return faultAt(text, offset, `${name} ${stray}`);
  }
  return undefined;
}

/** Returns why the service would drop a member (wire.md#twincollection). Members with $ describe the collection. */
function strayProblem([first, second, ...more]: NameSeen["path"]): string | undefined {
  if (second === undefined && first !== "tags" && first !== "properties") {
    return "is neither tags nor properties, so no device would get it: desired properties belong in properties.desired";
  }
  if (first === "properties" && second !== undefined && second !== "desired" && more.length === 0) {
    return "is not desired, so no device would get it: provisioning sets only properties.desired";
  }
  return undefined;
}

const ABOUT = /^initialTwin\.(tags|properties\.desired): \w+(\S*)(?: has the name ("(?:[^"\\]|\\.)*"))?/;

/** Adds the line in the text to a refusal of the service such as `initialTwin.tags: tags.a.b is …`. */
export function placeTwinFault(text: string, message: string): string {
  const about = ABOUT.exec(message);
  const read = readNames(text);
  if (!about || "fault" in read) return message;
  const [, part = "", rest = "", name] = about;
  const inner = rest.split(/\.|(?=\[)/).filter((step) => step !== "");
  const path = [...part.split("."), ...inner, ...(name ? [String(JSON.parse(name))] : [])].map((step) =>
    /^\[\d+\]$/.test(step) ? Number(step.slice(1, -1)) : step,
  );
  for (let length = path.length; length > 0; length -= 1) {
    const key = JSON.stringify(path.slice(0, length));
    const found = read.names.find((each) => JSON.stringify(each.path) === key);
    if (found) return `Line ${faultAt(text, found.offset, "").line}: ${message}.`;
  }
  return message;
}
