import { z } from "zod";
import { type Answered, flag, text, whole } from "../facts/contract-shared.js";
import { findingRows } from "./finding-rows.js";
import { blames, elements, severities } from "./rows/finding-row.js";

// A cast: the type of Object.keys is string[].
const codes = Object.keys(findingRows) as (keyof typeof findingRows)[];

/** One result of a check, as it is stored and shown. Never contains a secret. */
export const findingSchema = z
  .strictObject({
    code: z.enum(codes),
    element: z.enum(elements),
    subject: text.exactOptional().meta({
      description: "Names the thing when there are several, such as intermediate 1, or the subject of a certificate",
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
