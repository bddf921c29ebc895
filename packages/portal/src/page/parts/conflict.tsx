import type { EnrollmentKind } from "@rollcall/protocol";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api/client.js";
import { getEnrollment } from "../api/enrollments.js";

/** The change that another user made meanwhile. */
export type ConflictKind = "changed" | "deleted";

/** The conflict that made a write fail; undefined when it failed for another reason. */
export async function conflictOf(kind: EnrollmentKind, id: string, error: unknown): Promise<ConflictKind | undefined> {
  if (!(error instanceof ApiError) || (error.status !== 412 && error.status !== 404)) return undefined;
  try {
    await getEnrollment(kind, id);
    return "changed";
  } catch (cause) {
    return cause instanceof ApiError && cause.status === 404 ? "deleted" : "changed";
  }
}

/**
 * Says that another user changed or deleted the edited enrollment, and offers a choice. The user's input stays in the
 * form.
 */
export function Conflict(props: {
  readonly kind: ConflictKind;
  readonly onLoadTheirs: () => Promise<unknown>;
  readonly onOverwrite: () => Promise<unknown>;
}) {
  const { kind, onLoadTheirs, onOverwrite } = props;
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    element.current?.scrollIntoView({ block: "center" });
    element.current?.focus({ preventScroll: true });
  }, []);
  if (kind === "deleted") {
    return (
      <div class="box bad" role="alert" tabIndex={-1} ref={element}>
        <p>
          <strong>Another user deleted this enrollment while you were editing.</strong> Nothing was saved; what you
          typed is still below, to be copied.
        </p>
      </div>
    );
  }
  return (
    <div class="box warn" role="alert" tabIndex={-1} ref={element}>
      <p>
        <strong>Another user changed this enrollment while you were editing.</strong> Nothing was saved, and what you
        typed is still below.
      </p>
      <div class="actions">
        <button type="button" onClick={() => void onLoadTheirs()}>
          Load theirs
        </button>
        <button type="button" class="danger" onClick={() => void onOverwrite()}>
          Overwrite with mine
        </button>
      </div>
    </div>
  );
}
