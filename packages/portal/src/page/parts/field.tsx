import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Choice } from "../model/choices.js";

interface Labelled {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly fault?: string | undefined;
}

/** The ids that connect a control with its label, hint and fault. */
function useDescription({ hint, fault }: Pick<Labelled, "hint" | "fault">) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, fault !== undefined && `${id}-fault`].filter(Boolean);
  return {
    id,
    control: {
      id,
      "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
      "aria-invalid": fault !== undefined ? true : undefined,
    } as const,
  };
}

function Frame({ id, label, hint, fault, children }: Labelled & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children}
      <Fault id={id} text={fault} isAlert />
    </div>
  );
}

/** The fault of a field; `isAlert` when no live region around it announces the fault. */
export function Fault(props: { readonly id: string; readonly text: string | undefined; readonly isAlert?: boolean }) {
  const { id, text, isAlert } = props;
  if (text === undefined) return null;
  return (
    <p class="fault" id={`${id}-fault`} role={isAlert ? "alert" : undefined}>
      {text}
    </p>
  );
}

export function TextField(
  props: Labelled & {
    readonly value: string;
    readonly onInput: (value: string) => void;
    readonly onLeave?: () => void;
    readonly type?: "text" | "url" | "password" | "search";
    readonly required?: boolean;
    readonly code?: boolean;
    readonly placeholder?: string;
    readonly action?: ComponentChildren;
  },
) {
  const { control, id } = useDescription(props);
  const { value, onInput, onLeave, type = "text", required, code, placeholder, action } = props;
  // A cast: the typings differ per input type, but these four types have the same attributes.
  const ofType = { type } as { readonly type: "text" };
  return (
    <Frame {...props} id={id}>
      <span class="with-action">
        <input
          {...control}
          {...ofType}
          value={value}
          class={code ? "code" : undefined}
          placeholder={placeholder}
          required={required}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
          onBlur={onLeave}
        />
        {action}
      </span>
    </Frame>
  );
}

export function TextArea(
  props: Labelled & { value: string; rows?: number; required?: boolean; onInput: (value: string) => void },
) {
  const { control, id } = useDescription(props);
  return (
    <Frame {...props} id={id}>
      <textarea
        {...control}
        class="code"
        rows={props.rows ?? 4}
        value={props.value}
        required={props.required}
        spellcheck={false}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </Frame>
  );
}

export function SelectField<T extends string>(
  props: Labelled & { value: T; choices: readonly Choice<T>[]; onChange: (value: T) => void },
) {
  const { control, id } = useDescription(props);
  return (
    <Frame {...props} id={id}>
      <select
        {...control}
        value={props.value}
        onChange={(event) => {
          const chosen = props.choices.find((each) => each.value === event.currentTarget.value);
          if (chosen) props.onChange(chosen.value);
        }}
      >
        {props.choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function Checkbox(props: {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="choice">
      <input
        type="checkbox"
        id={id}
        checked={props.checked}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{props.label}</label>
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}
