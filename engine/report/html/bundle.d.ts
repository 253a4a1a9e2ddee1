/** What `engine/page-bundle.mjs` makes of a file for the browser: its bundle as text. */
declare module '*?bundle' {
  const text: string
  export default text
}
