import { describe, expect, it } from "vitest";
import { finding } from "./finding.js";

describe("text of strangers", () => {
  it("loses control characters and length", () => {
    const made = finding("id.illegal", { values: { reason: "a\u001b[31mb" }, got: `\u202e${"x".repeat(500)}` });
    expect(made.title).toContain("a\ufffd[31mb");
    expect(made.got).toHaveLength(301);
  });

  it("loses keys and signatures", () => {
    const text = "HostName=h;SharedAccessKey=c2VjcmV0c2VjcmV0;x=1 SharedAccessSignature sr=s&sig=c2ln%3D&se=1";
    const made = finding("protocol.userNameMalformed", { values: { reason: text }, got: text });
    const shown = "HostName=h;SharedAccessKey=…;x=1 SharedAccessSignature sr=s&sig=…&se=1";
    expect(made.got).toBe(shown);
    expect(made.title).toContain(shown);
  });
});

describe("the values of a finding", () => {
  it("fill title and remedy, each name wherever it stands", () => {
    const made = finding("idScope.mismatch", { values: { got: "0ne1", expected: "0ne2" } });
    expect(made.title).toBe("The device used ID scope 0ne1; this service is 0ne2.");
    expect(made.remedy).toBe("Set the ID scope of the device to 0ne2 (`rollcall info` prints it).");
  });

  it("fill a name inside an object that is text", () => {
    const made = finding("webhook.answerInvalid", { values: { hub: "a.example" } });
    expect(made.remedy).toContain('like {"iotHubHostName":"a.example"};');
  });
});
