import type { AllocationRequest } from "@rollcall/protocol";

/** What came back from a webhook; `ms` from the call to the end of it. Nothing here is judged but size and time. */
export type AllocatorAnswer = { readonly ms: number } & (
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly body: Uint8Array;
      /** Where a redirection, which is not followed, points to. */
      readonly location?: string;
    }
  /** No answer: the connection failed, or broke off. `reason` in words, for people. */
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "timedOut"; readonly limitMs: number; readonly status?: number; readonly body: Uint8Array }
  | { readonly kind: "tooLarge"; readonly limitBytes: number; readonly status: number; readonly body: Uint8Array }
);

/** Calls custom allocation webhooks (wire.md#webhook). */
export interface Allocator {
  /** Posts the request as JSON to the whole address, query included. Never rejects. */
  ask(webhookUrl: string, request: AllocationRequest): Promise<AllocatorAnswer>;
}
