import type { AttemptSummary } from "@rollcall/protocol";
import { managementRoutes } from "@rollcall/protocol/routes";
import { ApiError, isAbort, send } from "./client.js";
import { EventStreamParser } from "./event-stream.js";

export interface Watcher {
  /** Called each time the stream opens. Earlier attempts are not in the stream and have to be loaded. */
  opened(): void;
  attempt(attempt: AttemptSummary): void;
  /** The stream dropped this many changes. */
  missed(count: number): void;
  /** The stream ended; it is opened again after a wait. */
  lost(reason: string): void;
}

/** Wait before the next try: a service restarts within a second or two. */
const RETRY_MS = 2_000;

/** Follows the changes of attempts until `signal` is aborted. */
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
