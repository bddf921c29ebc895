/** Folder of the built page: `index.html` and `assets/`. It is there once `npm run build` has made it. */
export const portalFolder: URL = new URL("./page", import.meta.url);
