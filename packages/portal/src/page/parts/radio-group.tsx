import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Choice } from "../model/choices.js";
import { Fault } from "./field.js";

/** A choice of one of a few options, each with a line that explains it. */
export function RadioGroup<T extends string>(props: {
  readonly legend: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly fault?: string | undefined;
  readonly onChange: (value: T) => void;
}) {
  const { legend, value, choices, fault, onChange } = props;
  const id = useId();
  return (
    <Group legend={legend} id={id} fault={fault}>
      {choices.map((choice) => {
        const own = `${id}-${choice.value}`;
        return (
          <div class="choice" key={choice.value}>
            <input
              type="radio"
              name={id}
              id={own}
              checked={choice.value === value}
              aria-describedby={choice.hint ? `${own}-hint` : undefined}
              onChange={() => onChange(choice.value)}
            />
            <label htmlFor={own}>{choice.label}</label>
            {choice.hint && (
              <p class="hint" id={`${own}-hint`}>
                {choice.hint}
              </p>
            )}
          </div>
        );
      })}
    </Group>
  );
}

/** A group of controls that together answer one question. */
export function Group(props: {
  readonly legend: string;
  readonly id: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly children: ComponentChildren;
}) {
  const { legend, id, hint, fault, children } = props;
  return (
    <fieldset
      class={fault === undefined ? undefined : "invalid"}
      aria-describedby={fault === undefined ? undefined : `${id}-fault`}
    >
      <legend>{legend}</legend>
      {hint && <p class="hint">{hint}</p>}
      {children}
      <Fault id={id} text={fault} isAlert />
    </fieldset>
  );
}
