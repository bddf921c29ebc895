import { deriveDeviceKey, type Finding, finding, isSignedBy, type SasToken } from "@rollcall/protocol";

/** The token on which wrong recipes are tried. `keys` are base64 texts. */
interface RecipeSubject {
  readonly token: SasToken;
  readonly registrationId: string;
  readonly id: string;
  readonly keys: readonly string[];
}

/** A wrong recipe whose finding needs no more than the id. */
type PlainCode = "key.groupKeyUsedRaw" | "key.derivedTwice" | "key.textNotDecoded" | "key.derivedFromIndividual";

/** `from` makes the text from which the key was derived, `how` describes the bytes, where they are the mistake. */
type Recipe = { readonly key: (keyText: string, registrationId: string) => Buffer } & (
  | { readonly code: PlainCode }
  | { readonly code: "key.derivedFromOtherText"; readonly from: (registrationId: string) => string }
  | { readonly code: "key.otherBytes"; readonly how: string }
);

/** The wrong key, in words: a finding never contains a key. */
const recipeWords = {
  "key.groupKeyUsedRaw": "the group key itself",
  "key.derivedTwice": "HMAC-SHA256(HMAC-SHA256(group key, registration id), registration id)",
  "key.textNotDecoded": "the base64 text of the key, byte by byte",
  "key.derivedFromIndividual": "HMAC-SHA256(key of the enrollment, registration id)",
} as const satisfies Record<PlainCode, string>;

const decode = (text: string) => Buffer.from(text, "base64");
const derivedFrom = (from: (id: string) => string): Recipe => ({
  code: "key.derivedFromOtherText",
  from,
  key: (text, id) => deriveDeviceKey(decode(text), from(id)),
});

/** Ways in which a file or an editor changes the bytes of a key; `how` names them. */
const otherBytes: readonly { readonly how: string; readonly of: (key: Buffer, text: string) => Buffer }[] = [
  { how: "the key and a line feed", of: (key) => Buffer.concat([key, Buffer.from("\n")]) },
  { how: "the base64 text of the key and a line feed", of: (_, text) => Buffer.from(`${text}\n`) },
  { how: "the hex text of the key", of: (key) => Buffer.from(key.toString("hex")) },
  { how: "the key without its last byte", of: (key) => key.subarray(0, -1) },
];
const deviceBytes = otherBytes.map(
  ({ how, of }): Recipe => ({ code: "key.otherBytes", how, key: (text) => of(decode(text), text) }),
);
const derivedBytes = otherBytes.map(
  ({ how, of }): Recipe => ({
    code: "key.otherBytes",
    how: `${how}, applied to the derived key`,
    key: (text, id) => {
      const key = deriveDeviceKey(decode(text), id);
      return of(key, key.toString("base64"));
    },
  }),
);

/**
 * Mistakes that people make with a group's key (failure-causes.md#cause-7): the first recipe that verifies is named.
 */
const groupRecipes: readonly Recipe[] = [
  { code: "key.groupKeyUsedRaw", key: (text) => decode(text) },
  { code: "key.derivedTwice", key: (text, id) => deriveDeviceKey(deriveDeviceKey(decode(text), id), id) },
  derivedFrom((id) => id.toUpperCase()),
  derivedFrom((id) => id.trim()),
  derivedFrom((id) => `${id}\n`),
  derivedFrom((id) => `"${id}"`),
  { code: "key.textNotDecoded", key: (text, id) => deriveDeviceKey(Buffer.from(text, "utf8"), id) },
  {
    code: "key.textNotDecoded",
    key: (text, id) => Buffer.from(deriveDeviceKey(decode(text), id).toString("base64"), "utf8"),
  },
  ...derivedBytes,
];

/** Mistakes that people make with an individual enrollment's key. */
const individualRecipes: readonly Recipe[] = [
  { code: "key.derivedFromIndividual", key: (text, id) => deriveDeviceKey(decode(text), id) },
  { code: "key.textNotDecoded", key: (text) => Buffer.from(text, "utf8") },
  ...deviceBytes,
];

function tryRecipes(recipes: readonly Recipe[], subject: RecipeSubject, right: string): Finding | undefined {
  const found = recipes.find(({ key }) =>
    subject.keys.some((text) => isSignedBy(subject.token, key(text, subject.registrationId))),
  );
  return found && recipeFinding(found, subject, `a signature with ${right}`);
}

function recipeFinding(recipe: Recipe, { id, registrationId }: RecipeSubject, expected: string): Finding {
  switch (recipe.code) {
    case "key.derivedFromOtherText": {
      const derivedFrom = JSON.stringify(recipe.from(registrationId));
      const got = `a signature with HMAC-SHA256(group key, ${derivedFrom})`;
      return finding(recipe.code, { values: { id, registrationId, derivedFrom }, expected, got });
    }
    case "key.otherBytes":
      return finding(recipe.code, { values: { id, how: recipe.how }, expected, got: `a signature with ${recipe.how}` });
    default:
      return finding(recipe.code, { values: { id }, expected, got: `a signature with ${recipeWords[recipe.code]}` });
  }
}

/** Names the wrong recipe by which a token was signed with a group's key, if a recipe fits. */
export function wrongGroupRecipe(subject: RecipeSubject): Finding | undefined {
  return tryRecipes(groupRecipes, subject, `HMAC-SHA256(group key, ${JSON.stringify(subject.registrationId)})`);
}

/** Names the wrong recipe by which a token was signed with an individual enrollment's key, if a recipe fits. */
export function wrongIndividualRecipe(subject: RecipeSubject): Finding | undefined {
  return tryRecipes(individualRecipes, subject, "the key of the enrollment, decoded from base64");
}
