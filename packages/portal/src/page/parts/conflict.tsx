import { useEffect, useRef } from "preact/hooks";

/** What somebody else did meanwhile. */
export type ConflictKind = "changed" | "deleted";

/** Says that what is edited is no longer what was read, and leaves the choice. What was typed is still in the form. */
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
          <strong>Somebody deleted this enrollment while you were editing.</strong> Nothing was saved; what you typed is
          still below, to be copied.
        </p>
      </div>
    );
  }
  return (
    <div class="box warn" role="alert" tabIndex={-1} ref={element}>
      <p>
        <strong>Somebody else changed this enrollment while you were editing.</strong> Nothing was saved, and what you
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
