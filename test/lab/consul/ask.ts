import { request } from 'node:http'

export interface Answer {
  status: number
  text: string
}

/** For a cluster with ACLs, as in Consul's own tools. */
const token = process.env.CONSUL_HTTP_TOKEN
const headers = token === undefined ? {} : { 'X-Consul-Token': token }

/** Asks a member over a connection of its own; rejects when no whole answer has come in time. */
export async function ask(
  address: string,
  path: string,
  { method = 'GET', body = '', timeoutMs = 2_000 } = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const asked = request({ host: address, port: 8500, path, method, agent: false, signal, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    asked.on('error', (error) => reject(signal.aborted ? new Error(`no answer in ${timeoutMs} ms`) : error))
    asked.end(body)
  })
}

/** The JSON of a good answer; nothing when none came, or a bad one. */
export async function askFor<T>(address: string, path: string, goodStatus = [200]): Promise<T | undefined> {
  try {
    const { status, text } = await ask(address, path)
    return goodStatus.includes(status) ? (JSON.parse(text) as T) : undefined
  } catch {
    return undefined
  }
}
