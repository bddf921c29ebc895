import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { hrefOf, place } from "../routing/router.js";

interface Notice {
  readonly text: string;
  readonly kind: "done" | "failed";
}

const notice = signal<Notice | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

const SHOWN_MS = 8_000;

/** Shows the outcome of an action at the foot of the page, and tells it to screen readers. */
export function announce(text: string, kind: Notice["kind"] = "done"): void {
  clearTimeout(timer);
  notice.value = { text, kind };
  // The notice of a failure stays until the user dismisses it.
  if (kind === "done") timer = setTimeout(dismiss, SHOWN_MS);
}

/** Removes the notice. */
export function dismiss(): void {
  notice.value = undefined;
}

/**
 * The element in which notices appear. It is always present, since screen readers watch only elements that existed
 * before.
 */
export function Announcements() {
  const now = notice.value;
  const here = hrefOf(place.value);
  useEffect(() => {
    if (notice.value?.kind === "failed") dismiss();
  }, [here]);
  return (
    <div class="announcements" role="status" aria-live="polite">
      {now && (
        <p class={`notice ${now.kind}`}>
          <span>{now.text}</span>
          <button type="button" class="plain" aria-label="Dismiss" onClick={dismiss}>
            <span aria-hidden="true">×</span>
          </button>
        </p>
      )}
    </div>
  );
}
