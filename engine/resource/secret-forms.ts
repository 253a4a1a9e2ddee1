/** Texts that are no secret, whoever says so. */
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'none', 'root', 'localhost'])
/** Hiding every `ab` or `22` would blank a whole report. */
const LEAST = 4
const LEAST_DIGITS = 6
/** What a line of a longer secret needs to be one by itself, as in a private key. */
const LEAST_LINE = 12

/** The texts under which a secret may show: as it is, and as JSON, a shell, a URL and Base64 have it. None when it is too short to be told from other text. */
export function formsOf(secret: string): string[] {
  if (!isTelling(secret)) return []
  const lines = secret.includes('\n') ? secret.split('\n').map((line) => line.trim()) : []
  const parts = lines.filter((line) => line.length >= LEAST_LINE && !line.startsWith('-----'))
  return [...new Set([secret, secret.trim(), ...parts].flatMap(writings))].filter((text) => text.length >= LEAST)
}

/** Whether a text can be looked for: long enough, and no everyday word. */
export function isTelling(secret: string): boolean {
  const text = secret.trim()
  return text.length >= (/^\d+$/.test(text) ? LEAST_DIGITS : LEAST) && !WORDS.has(text.toLowerCase())
}

function writings(text: string): string[] {
  const url = encodeURIComponent(Buffer.from(text).toString())
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    text.replaceAll("'", "'\\''"),
    text.replace(/[^\w@%+=:./\-\u0080-\uffff]/g, '\\$&'),
    url,
    url.replaceAll('%20', '+'),
    url.replace(/%../g, (code) => code.toLowerCase()),
    ...base64Of(Buffer.from(text)),
    Buffer.from(text).toString('hex'),
  ]
}

/** As Base64 of itself, and as what stays the same when it stands anywhere in a longer text. */
function base64Of(bytes: Buffer): string[] {
  const inside = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  return [bytes.toString('base64'), ...inside].flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
}
