import picocolors from 'picocolors'

/** What things are coloured as; one word a meaning, so that reports agree. */
export interface Colours {
  good: Paint
  changed: Paint
  bad: Paint
  warned: Paint
  dim: Paint
  strong: Paint
  added: Paint
  removed: Paint
  place: Paint
}

type Paint = (text: string) => string

export function coloursFor(colour: boolean): Colours {
  const { green, yellow, red, magenta, dim, bold, cyan } = picocolors.createColors(colour)
  return {
    good: green,
    changed: yellow,
    bad: red,
    warned: magenta,
    dim,
    strong: bold,
    added: green,
    removed: red,
    place: cyan,
  }
}
