import { createHash } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import type { Change } from '../engine/resource/change.ts'
import { TaskFailure } from '../engine/resource/module.ts'
import type { RawState } from '../engine/resource/read.ts'
import { Secret } from '../engine/resource/secret.ts'
import { complaintOf, jsonOf } from './consul-api.ts'
import { parseAnswers } from './curl.ts'

const Counts = Type.Record(Type.String({ pattern: '^[A-Za-z0-9+/=]{16,64}$' }), Type.Integer({ minimum: 0 }), {
  additionalProperties: false,
})
const Rings = Type.Array(
  Type.Object({
    WAN: Type.Boolean(),
    Keys: Counts,
    /** Not told before Consul 1.8. */
    PrimaryKeys: Type.Optional(Counts),
    NumNodes: Type.Integer({ minimum: 0 }),
  }),
  { minItems: 1, maxItems: 1000 },
)

/** One pool of gossip: the members of a datacenter, or the servers of all. */
export type Ring = Static<typeof Rings>[number]

/** A step of a rotation; the key itself never shows. */
export type KeyringChange = Change<'install' | 'use' | 'remove', string> & { readonly key: Secret }

/** What the keyring shall be. */
export interface KeyringWish {
  primary: Secret
  others: readonly Secret[]
  /** Members of the datacenter; undefined when nobody has counted. */
  nodes: number
}

/** The rings that a read has brought; a sentence when it has brought none. */
export function ringsOf({ stdout, stderr, code }: RawState): Ring[] | string {
  const [answer] = parseAnswers(stdout).answers
  const complaint = complaintOf(answer, { code, stdout, stderr }, 'keyring:read')
  if (complaint !== undefined) return complaint
  return jsonOf(Rings, answer) ?? 'its answer is not of the shape that Consul gives'
}

/** Install, use, remove: a key is used only when all have it, and goes only when none uses it. */
export function keyringChanges({ primary, others, nodes }: KeyringWish, rings: readonly Ring[]): KeyringChange[] {
  const wanted = [primary, ...others]
  const changes: KeyringChange[] = []
  for (const key of wanted) {
    if (rings.every((ring) => ring.Keys[key.reveal()] === ring.NumNodes)) continue
    changes.push({
      kind: 'install',
      what: `gossip key ${fingerprint(key)}`,
      from: undefined,
      to: 'on all members',
      key,
    })
  }
  if (rings.some(({ PrimaryKeys, NumNodes }) => PrimaryKeys && PrimaryKeys[primary.reveal()] !== NumNodes)) {
    const before = new Set(rings.flatMap(({ PrimaryKeys = {} }) => Object.keys(PrimaryKeys)))
    const from = [...before].map((key) => fingerprint(new Secret(key))).join(', ')
    changes.push({ kind: 'use', what: 'primary gossip key', from, to: fingerprint(primary), key: primary })
  }
  const there = new Set(rings.flatMap(({ Keys }) => Object.keys(Keys)))
  for (const text of [...there].sort()) {
    if (wanted.some((key) => key.reveal() === text)) continue
    const key = new Secret(text)
    changes.push({ kind: 'remove', what: `gossip key ${fingerprint(key)}`, from: 'there', to: undefined, key })
  }
  const lan = rings.filter(({ WAN }) => !WAN)
  const short = lan.find(({ NumNodes }) => NumNodes !== nodes)
  if (changes.length > 0 && (lan.length === 0 || short)) {
    throw new TaskFailure(
      `${short?.NumNodes ?? 0} members are in the gossip, not ${nodes}, so the keys are left alone`,
      'a member that is away while keys change cannot come back: bring all of them up first, or correct `nodes`',
    )
  }
  return changes
}

/** The rings as they answer afterwards. */
export function ringsAfter({ primary, others }: KeyringWish, rings: readonly Ring[]): Ring[] {
  const keys = [primary, ...others].map((key) => key.reveal()).sort()
  return rings.map((ring) => ({
    ...ring,
    Keys: Object.fromEntries(keys.map((key) => [key, ring.NumNodes])),
    ...(ring.PrimaryKeys ? { PrimaryKeys: { [primary.reveal()]: ring.NumNodes } } : {}),
  }))
}

/** By which a person tells keys apart: the first eight digits of the SHA-256 of the key as it is written. */
export function fingerprint(key: Secret): string {
  return createHash('sha256').update(key.reveal()).digest('hex').slice(0, 8)
}
