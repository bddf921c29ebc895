/** Folder of the built page: `index.html` and `assets/`. `npm run build` creates it. */
export const portalFolder: URL = new URL("./page", import.meta.url);
