import { z } from "zod";
import { type Answered, flag, text, whole } from "../facts/contract-shared.js";
import { findingRows } from "./finding-rows.js";
import { blames, elements, severities } from "./rows/finding-row.js";

// Object.keys loses the names.
const codes = Object.keys(findingRows) as (keyof typeof findingRows)[];

/** One result of a check, as it is stored, shown and asserted on. Never holds a secret. */
export const findingSchema = z
  .strictObject({
    code: z.enum(codes),
    element: z.enum(elements),
    subject: text.exactOptional().meta({
      description: "Which one, when there are several: intermediate 1, the subject of a certificate",
    }),
    severity: z.enum(severities),
    blame: z.enum(blames),
    title: text,
    expected: text.exactOptional(),
    got: text.exactOptional(),
    nearest: text.exactOptional(),
    remedy: text,
    cause: whole.exactOptional(),
    consequence: flag.exactOptional().meta({ description: "True when another finding explains this one" }),
  })
  .meta({ id: "Finding" });
export type Finding = Answered<typeof findingSchema>;
