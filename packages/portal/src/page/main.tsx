import { render } from "preact";
import { startToken } from "./api/token.js";
import { App } from "./app.js";
import { startRouter } from "./routing/router.js";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/forms.css";
import "./style/data.css";
import "./style/dialog.css";

startToken();
startRouter();
const page = document.getElementById("page");
if (page) {
  page.replaceChildren();
  render(<App />, page);
}
