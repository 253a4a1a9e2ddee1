import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What a fresh connection to the RPC port of a server comes to; the client shows a certificate when it has one. */
export interface Served {
  /** Of the certificate that the server shows; lower case hexadecimal. */
  serial: string
  /** Whether one of these authorities has signed it. */
  isSignedBy: (ca: string) => boolean
  /** Whether the server answers a client with that certificate. */
  isAccepted: boolean
}

/** A call of `Status.Ping` in the clothes of Consul's RPC: the byte 0, then MessagePack. */
const PING = Buffer.concat([
  Buffer.from([0, 0x82, 0xad]),
  Buffer.from('ServiceMethod'),
  Buffer.from([0xab]),
  Buffer.from('Status.Ping'),
  Buffer.from([0xa3]),
  Buffer.from('Seq'),
  Buffer.from([0, 0x80]),
])

/** Consul wants the byte 3 before the handshake; a client that it refuses is told so when it reads, and any other gets an answer. */
export async function served(address: string, pair: { cert?: string; key?: string } = {}): Promise<Served> {
  const socket = connect(8300, address)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(Buffer.from([3]))
  const secure = connectTls({ socket, servername: 'server.nyc2.consul', rejectUnauthorized: false, ...pair })
  await once(secure, 'secureConnect')
  const shown = secure.getPeerX509Certificate()
  if (!shown) throw new Error(`${address} shows no certificate`)
  const refused = new Promise<boolean>((resolve) => {
    for (const end of ['close', 'error']) secure.once(end, () => resolve(false))
  })
  const answered = once(secure, 'data').then(
    () => true,
    () => false,
  )
  secure.write(PING)
  const isAccepted = await Promise.race([refused, answered])
  secure.destroy()
  return {
    serial: shown.serialNumber.toLowerCase(),
    isSignedBy: (ca) => shown.verify(createPublicKey(ca)),
    isAccepted,
  }
}
