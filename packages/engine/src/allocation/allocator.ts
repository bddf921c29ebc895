import type { AllocationRequest } from "@rollcall/protocol";

/** The answer of a webhook; `ms` from the start of the call to its end. Only size and time are checked here. */
export type AllocatorAnswer = { readonly ms: number } & (
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly body: Uint8Array;
      /** The target of a redirection, which is not followed. */
      readonly location?: string;
    }
  /** No answer: the connection failed or was lost. `reason` is a text for people. */
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "timedOut"; readonly limitMs: number; readonly status?: number; readonly body: Uint8Array }
  | { readonly kind: "tooLarge"; readonly limitBytes: number; readonly status: number; readonly body: Uint8Array }
);

/** Calls custom allocation webhooks (wire.md#webhook). */
export interface Allocator {
  /** Posts the request as JSON to the address, query included. Never rejects. */
  ask(webhookUrl: string, request: AllocationRequest): Promise<AllocatorAnswer>;
}
