import { useId, useRef } from "preact/hooks";
import { formatJson } from "../model/draft.js";
import { findTwinFault } from "../model/twin-fault.js";
import { Fault } from "./field.js";

const MIN_LINES = 9;
const MAX_LINES = 24;

/**
 * A text area for the JSON of a twin: numbered lines, the first fault with its place, and a button that formats the
 * text.
 */
export function JsonEditor(props: {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly fault?: string | undefined;
  readonly onInput: (value: string) => void;
}) {
  const { label, hint, value, onInput } = props;
  const id = useId();
  const gutter = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const found = findTwinFault(value);
  const fault = found ? `Line ${found.line}, column ${found.column}: ${found.message}.` : props.fault;
  const count = value.split("\n").length;
  const rows = Math.min(MAX_LINES, Math.max(MIN_LINES, count + 1));
  const goToFault = () => {
    if (!found || !area.current) return;
    area.current.focus();
    area.current.setSelectionRange(found.offset, Math.min(found.offset + 1, value.length));
  };
  return (
    <div class="field">
      <div class="label-row">
        <label htmlFor={id}>{label}</label>
        <button
          type="button"
          class="small"
          disabled={found !== undefined}
          onClick={() => onInput(formatJson(JSON.parse(value)))}
        >
          Format
        </button>
      </div>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <div class={fault ? "editor invalid" : "editor"}>
        <div class="gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: count }, (_, index) => (
            <span key={index} class={found?.line === index + 1 ? "here" : undefined}>
              {index + 1}
            </span>
          ))}
        </div>
        <textarea
          ref={area}
          id={id}
          class="code"
          rows={rows}
          wrap="off"
          spellcheck={false}
          value={value}
          aria-describedby={fault ? `${id}-hint ${id}-fault` : `${id}-hint`}
          aria-invalid={fault ? true : undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
          onScroll={(event) => gutter.current?.scrollTo({ top: event.currentTarget.scrollTop })}
        />
      </div>
      <div class="label-row" aria-live="polite">
        <Fault id={id} text={fault} />
        {found && (
          <button type="button" class="small" onClick={goToFault}>
            Go to the fault
          </button>
        )}
      </div>
    </div>
  );
}
