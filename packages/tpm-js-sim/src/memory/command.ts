import type { TpmKey } from "../keys/keys.js";
import type { Codec, StructCodec, StructOf } from "../wire/codec.js";
import type { NvIndex } from "./nv.js";
import type { Sequence, Session, TpmMemory } from "./state.js";

/** The entity that a handle refers to. */
export type Entity =
  | { readonly is: "key"; readonly handle: number; readonly name: Buffer; readonly key: TpmKey }
  | { readonly is: "sequence"; readonly handle: number; readonly name: Buffer; readonly sequence: Sequence }
  | { readonly is: "session"; readonly handle: number; readonly name: Buffer; readonly session: Session }
  | { readonly is: "nv"; readonly handle: number; readonly name: Buffer; readonly nv: NvIndex }
  | { readonly is: "pcr"; readonly handle: number; readonly name: Buffer }
  | { readonly is: "hierarchy"; readonly handle: number; readonly name: Buffer };

type Of<K extends Entity["is"]> = Extract<Entity, { readonly is: K }>;

/** Part 2's TPMI_ types: what each kind of handle accepts. */
export interface EntityKinds {
  /** TPMI_DH_OBJECT, keys only: a sequence is TPM_RC_TYPE */
  readonly key: Of<"key">;
  /** TPMI_DH_OBJECT */
  readonly object: Of<"key" | "sequence">;
  /** TPMI_DH_OBJECT with + */
  readonly objectOrNull: Of<"key" | "sequence" | "hierarchy">;
  /** TPMI_DH_ENTITY */
  readonly entity: Of<"key" | "sequence" | "hierarchy" | "pcr" | "nv">;
  /** TPMI_DH_ENTITY with + */
  readonly entityOrNull: Of<"key" | "sequence" | "hierarchy" | "pcr" | "nv">;
  /** TPMI_DH_PARENT with + */
  readonly parent: Of<"key" | "hierarchy">;
  /** TPMI_RH_HIERARCHY with + */
  readonly hierarchy: Of<"hierarchy">;
  /** TPMI_RH_PLATFORM */
  readonly platform: Of<"hierarchy">;
  /** TPMI_RH_PROVISION */
  readonly provision: Of<"hierarchy">;
  /** TPMI_SH_POLICY */
  readonly policySession: Of<"session">;
  /** TPMI_SH_HMAC */
  readonly hmacSession: Of<"session">;
  /** TPMI_RH_ENDORSEMENT */
  readonly privacyAdmin: Of<"hierarchy">;
  /** TPMI_DH_CONTEXT: transient objects and sessions */
  readonly context: Of<"key" | "sequence" | "session">;
  /** TPMI_DH_PCR */
  readonly pcr: Of<"pcr">;
  /** TPMI_DH_PCR with + */
  readonly pcrOrNull: Of<"pcr" | "hierarchy">;
  /** TPMI_RH_CLEAR */
  readonly clear: Of<"hierarchy">;
  /** TPMI_RH_LOCKOUT */
  readonly lockout: Of<"hierarchy">;
  /** TPMI_RH_HIERARCHY_AUTH */
  readonly hierarchyAuth: Of<"hierarchy">;
  /** TPMI_RH_NV_AUTH */
  readonly nvAuth: Of<"hierarchy" | "nv">;
  /** TPMI_RH_NV_INDEX */
  readonly nvIndex: Of<"nv">;
}

/** One handle of a command: its kind, and the role in which it must be authorized (Part 1, "Authorization Roles"). */
export interface HandleSpec<K extends keyof EntityKinds = keyof EntityKinds> {
  readonly kind: K;
  readonly role: "user" | "admin" | "dup" | "none";
}

/** A handle that needs USER authorization. */
export function user<const K extends keyof EntityKinds>(kind: K): HandleSpec<K> {
  return { kind, role: "user" };
}

/** A handle that needs ADMIN authorization. */
export function admin<const K extends keyof EntityKinds>(kind: K): HandleSpec<K> {
  return { kind, role: "admin" };
}

/** A handle that needs DUP authorization: a policy that allows nothing but Duplicate. */
export function dup<const K extends keyof EntityKinds>(kind: K): HandleSpec<K> {
  return { kind, role: "dup" };
}

/** A handle that needs no authorization. */
export function plain<const K extends keyof EntityKinds>(kind: K): HandleSpec<K> {
  return { kind, role: "none" };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type EntitiesOf<H extends readonly HandleSpec[]> = { readonly [I in keyof H]: EntityKinds[H[I]["kind"]] };

/** The outcome of a command: its response parameters, and the handle of the object or session that it made. */
type Outcome<R extends Fields, M extends boolean> = M extends true
  ? { readonly handle: number; readonly response: StructOf<R> }
  : StructOf<R>;

/** One TPM command: everything that parser, writer, authorization and dispatcher need. */
export interface Command<
  H extends readonly HandleSpec[] = readonly HandleSpec[],
  P extends Fields = Fields,
  R extends Fields = Fields,
  M extends boolean = boolean,
> {
  readonly name: string;
  readonly code: number;
  readonly handles: H;
  readonly parameters: StructCodec<P>;
  readonly response: StructCodec<R>;
  /** the response carries the handle of a new object or session */
  readonly makesHandle: M;
  /** Part 3: "no sessions of any type are allowed" */
  readonly sessions: "allowed" | "forbidden";
  /** TPMA_CC bits besides the code and the handles: it writes NV, it may flush many objects, it flushes its handle */
  readonly marks: readonly ("nv" | "extensive" | "flushed")[];
  /** A method, so that rows of different types fit one table. */
  run(memory: TpmMemory, entities: EntitiesOf<H>, parameters: StructOf<P>): Outcome<R, M>;
}

type Optional = "makesHandle" | "sessions" | "marks";

/** Declares a command. */
export function command<
  const H extends readonly HandleSpec[],
  P extends Fields,
  R extends Fields,
  const M extends boolean = false,
>(
  row: Omit<Command<H, P, R, M>, Optional> & {
    readonly makesHandle?: M;
    readonly sessions?: "forbidden";
    readonly marks?: Command["marks"];
  },
): Command<H, P, R, M> {
  const makesHandle = (row.makesHandle ?? false) as M; // M is `false` when makesHandle is absent
  return { sessions: "allowed", marks: [], ...row, makesHandle };
}
