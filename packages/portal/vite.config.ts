import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL("./src/page/", import.meta.url)),
  base: "/",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("./dist/page/", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // The content security policy forbids data: URLs and inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
