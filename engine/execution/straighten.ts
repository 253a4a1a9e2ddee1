/** As many links as the kernel follows in one path; see path_resolution(7). */
const LINKS_AT_MOST = 40

/** A path with the links on the way to it followed; the last part stays what it is. `linkAt` says where a link points to. */
export function straighten(path: string, linkAt: (path: string) => string | undefined): string {
  if (!path.startsWith('/')) return path
  const ahead = partsOf(path)
  const last = ahead.pop()
  if (last === undefined || last === '..') return path
  const done: string[] = []
  let links = 0
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '..') {
      done.pop()
      continue
    }
    const target = linkAt(`/${[...done, part].join('/')}`)
    if (target === undefined) {
      done.push(part)
      continue
    }
    if (++links > LINKS_AT_MOST) return path
    if (target.startsWith('/')) done.length = 0
    ahead.unshift(...partsOf(target))
  }
  return `/${[...done, last].join('/')}`
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}
