import type { AttemptSummary } from "@rollcall/protocol";
import { managementRoutes } from "@rollcall/protocol/routes";
import { ApiError, isAbort, send } from "./client.js";
import { EventStreamParser } from "./event-stream.js";

export interface Watcher {
  /** Each time that the stream opens: what happened before has to be asked for. */
  opened(): void;
  attempt(attempt: AttemptSummary): void;
  /** There was more than the stream could carry. */
  missed(count: number): void;
  /** It broke off and is tried again. */
  lost(reason: string): void;
}

/** Wait before another try: a service that restarts is back in a second or two. */
const RETRY_MS = 2_000;

/** Follows what happens to attempts until `signal` ends it. */
export async function watchAttempts(watcher: Watcher, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await followOnce(watcher, signal);
      watcher.lost("The service ended the stream.");
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) return;
      watcher.lost(error instanceof ApiError ? error.message : "The connection broke off.");
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function followOnce(watcher: Watcher, signal: AbortSignal): Promise<void> {
  const response = await send(managementRoutes.attemptEvents, { signal });
  if (!response.body) return;
  watcher.opened();
  const parser = new EventStreamParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const { name, data } of parser.push(part.value)) {
      // Casts: as in `ask`.
      if (name === "attempt") watcher.attempt(JSON.parse(data) as AttemptSummary);
      if (name === "missed") watcher.missed((JSON.parse(data) as { count: number }).count);
    }
  }
}
