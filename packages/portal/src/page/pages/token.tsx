import { useEffect, useState } from "preact/hooks";
import { giveToken, tokenRefused } from "../api/token.js";
import { TextField } from "../parts/field.js";

/** Asks for the management token, and says where it stands. */
export function TokenPage() {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | undefined>();
  useEffect(() => {
    document.title = "Rollcall";
  }, []);
  const refused = tokenRefused.value
    ? "The service did not accept this token. It is another one for every location."
    : undefined;
  return (
    <form
      class="card narrow"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === "") setFault("The token is missing.");
        else giveToken(text);
      }}
    >
      <h1>Unlock the portal</h1>
      <p>
        This page changes enrollments and shows keys, so it needs the management token of the running service. The link
        that <code>rollcall start</code> prints beside <em>dashboard</em> carries it; <code>rollcall info</code> prints
        it again.
      </p>
      <TextField
        label="Management token"
        hint="It is kept in this window until you close it, and goes nowhere but to this service."
        type="password"
        code
        required
        value={text}
        fault={fault ?? refused}
        onInput={(value) => {
          setText(value);
          setFault(undefined);
        }}
      />
      <div class="actions">
        <button type="submit" class="primary">
          Unlock
        </button>
      </div>
    </form>
  );
}
