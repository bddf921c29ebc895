import { z } from "zod";
import type { Json, JsonObject } from "./json.js";

/**
 * What every contract is made of. A contract is the one description of an answer: types, the OpenAPI document and the check in
 * tests are derived from it. Contracts are strict: a member that is unknown or missing fails the parse. No answer is parsed at
 * run time.
 */

/** What readers have of a value: nothing of it is changed. */
export type Frozen<T> = T extends readonly (infer Entry)[]
  ? readonly Frozen<Entry>[]
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T;

/** What an answer of this contract holds, for readers. */
export type Answered<Contract extends z.ZodType> = Frozen<z.output<Contract>>;

export const text = z.string();
export const flag = z.boolean();
export const whole = z.int();
/** As `formatDate` writes it. */
export const date = z.iso.datetime();
export const json = z.json().transform((value) => value as Json);
export const jsonObject = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

/** `next` is absent on the last page. */
export const pageOf = <Item extends z.ZodType>(id: string, item: Item) =>
  z.strictObject({ items: z.array(item), next: text.exactOptional() }).meta({ id });
