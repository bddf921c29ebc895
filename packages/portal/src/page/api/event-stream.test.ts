import { fc, it } from "@fast-check/vitest";
import { expect } from "vitest";
import { EventStreamParser } from "./event-stream.js";

const data = fc.json();
const event = fc.record({ name: fc.constantFrom("attempt", "missed"), data });

it.prop([fc.array(fc.oneof(event, fc.constant("comment" as const))), fc.array(fc.nat({ max: 400 }))])(
  "events are the same wherever the text is cut",
  (sent, cuts) => {
    const text = sent
      .map((each) => (each === "comment" ? ": still here\n\n" : `event: ${each.name}\ndata: ${each.data}\n\n`))
      .join("");
    const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
    const parser = new EventStreamParser();
    const read = places.slice(1).flatMap((end, index) => parser.push(text.slice(places[index], end)));
    expect(read).toEqual(sent.filter((each) => each !== "comment"));
  },
);
