import { z } from "zod";
import type { Json, JsonObject } from "./json.js";

/**
 * Building blocks of the contracts. A contract is the only description of an answer: types, the OpenAPI document and
 * the check in tests are derived from it. Contracts are strict: an unknown or a missing member fails the parse. Answers
 * are not parsed at run time.
 */

/** A deeply read-only type. */
export type Frozen<T> = T extends readonly (infer Entry)[]
  ? readonly Frozen<Entry>[]
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T;

/** Read-only type of an answer with this contract. */
export type Answered<Contract extends z.ZodType> = Frozen<z.output<Contract>>;

export const text = z.string();
export const flag = z.boolean();
export const whole = z.int();
/** A date as `formatDate` writes it. */
export const date = z.iso.datetime();
export const json = z.json().transform((value) => value as Json);
export const jsonObject = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

/** A page of a list; `next` is absent on the last page. */
export const pageOf = <Item extends z.ZodType>(id: string, item: Item) =>
  z.strictObject({ items: z.array(item), next: text.exactOptional() }).meta({ id });
