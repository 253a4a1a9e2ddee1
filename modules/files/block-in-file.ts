import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { tidy } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { defineContentModule } from './file-content.ts'
import { bare, editableText, endedAs, linesArgs, linesOf, ONE_PLACE, placeIn, textOfLines } from './text-lines.ts'

const MARKER = '# {mark} LOCKSTEP MANAGED BLOCK'

/** Some lines between two markers in a file whose other lines are not ours. */
export const blockInFile = defineContentModule({
  name: 'block-in-file',
  summary: 'Lines between two markers in a file whose other lines stay as they are.',
  args: Arg.object(
    {
      path: Arg.path({ description: 'Path of the file on the host.' }),
      block: Type.Optional(
        Arg.text({ description: 'The lines between the markers; without any, the block is removed.' }),
      ),
      marker: Type.Optional(
        Type.String({
          pattern: '^[^\\n\\r]*\\{mark\\}[^\\n\\r]*$',
          description: `Line before and after the block, with {mark} for BEGIN and END; "${MARKER}" when left out. Two blocks in one file need two markers.`,
        }),
      ),
      state: Type.Optional(
        Arg.choice(['present', 'absent'], { description: 'Whether the block shall be there; present when left out.' }),
      ),
      ...linesArgs,
    },
    { allOf: [ONE_PLACE] },
  ),
  examples: [
    `- block-in-file:
    path: /etc/example-blocks.conf
    marker: "# {mark} one"
    create: true
    block: |
      one
      two
- block-in-file: { path: /etc/example-blocks.conf, marker: "# {mark} two", block: three, insertbefore: BOF, mode: "0600" }
- block-in-file: { path: /etc/example-blocks.conf, marker: "# {mark} never", state: absent }`,
  ],

  resource: ({ path, marker }) => `block:${tidy(path)}:${marker ?? MARKER}`,

  file: ({ path }) => ({ path }),

  content(want, have) {
    const block = want.block instanceof Secret ? want.block.reveal() : (want.block ?? '')
    const absent = want.state === 'absent' || block === ''
    const text = editableText(want.path, have)
    if (have.file.type === 'absent') {
      if (absent) return undefined
      if (!want.create)
        throw new TaskFailure(`the file ${want.path} does not exist`, 'write it first, or say `create: true`')
    }
    const lines = linesOf(text ?? '')
    const [begin, end] = markersOf(want.marker ?? MARKER)
    const inner = linesOf(block).map(bare)
    if (inner.some((line) => line === begin || line === end)) {
      throw new TaskFailure(`the block for ${want.path} holds its own marker`, 'choose another `marker`')
    }
    const blocks = blocksIn(lines, begin, end, want.path)
    const rest = blocks.toReversed().reduce((left, { at, size }) => left.toSpliced(at, size), lines)
    const wanted = absent ? [] : endedAs(lines, [begin, ...inner, end])
    const edited = rest.toSpliced(blocks[0]?.at ?? placeIn(rest, want), 0, ...wanted)
    const isThere = edited.length === lines.length && edited.every((line, index) => line === lines[index])
    const content = isThere ? (text ?? '') : textOfLines(edited)
    return want.block instanceof Secret ? new Secret(content) : content
  },
})

function markersOf(marker: string): [begin: string, end: string] {
  return [marker.replaceAll('{mark}', 'BEGIN'), marker.replaceAll('{mark}', 'END')]
}

/** Every block with these markers: more than one came in by hand, and only the first will stay. */
function blocksIn(lines: readonly string[], begin: string, end: string, path: string): { at: number; size: number }[] {
  const blocks: { at: number; size: number }[] = []
  let open: number | undefined
  lines.forEach((line, index) => {
    if (bare(line) === begin) {
      if (open !== undefined) throw unpaired(path, begin, open)
      open = index
    } else if (bare(line) === end) {
      if (open === undefined) throw unpaired(path, end, index)
      blocks.push({ at: open, size: index - open + 1 })
      open = undefined
    }
  })
  if (open !== undefined) throw unpaired(path, begin, open)
  return blocks
}

function unpaired(path: string, marker: string, index: number): TaskFailure {
  return new TaskFailure(
    `line ${index + 1} of ${path} is the marker "${marker}" without its other half`,
    'put the missing marker back, or remove this one',
  )
}
