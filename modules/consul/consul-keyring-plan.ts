import { createHash } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import type { Change } from '../../engine/resource/change.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import type { RawState } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { parseAnswers } from '../curl.ts'
import { complaintOf, jsonOf } from './consul-api.ts'

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
  /** The one that messages are sealed with; whichever it is when left out. */
  primary: Secret | undefined
  others: readonly Secret[]
  /** Whether keys that are not named go. */
  isExclusive: boolean
  /** Members of the datacenter. */
  nodes: number
  /** Servers of all datacenters; undefined when nobody has counted. */
  wanNodes: number | undefined
}

const Members = Type.Array(
  Type.Object({ Name: Type.String({ pattern: '^[\\w.-]{1,255}$' }), Status: Type.Integer({ minimum: 0 }) }),
  { maxItems: 10_000 },
)
/** Of serf. */
const ALIVE = 1

/** The rings that a read has brought; a sentence when it has brought none. */
export function ringsOf({ stdout, stderr, code }: RawState): Ring[] | string {
  const [answer] = parseAnswers(stdout).answers
  const complaint = complaintOf(answer, { code, stdout, stderr }, 'keyring:read')
  if (complaint !== undefined) return complaint
  return jsonOf(Rings, answer) ?? 'its answer is not of the shape that Consul gives'
}

/** Members that are not alive, as far as a read has told. */
export function awayIn({ stdout }: RawState): string[] {
  const members = jsonOf(Members, parseAnswers(stdout).answers[0]) ?? []
  return members.filter(({ Status }) => Status !== ALIVE).map(({ Name }) => Name)
}

/** Install, use, remove: a key is used only when all have it, and goes only when none uses it. */
export function keyringChanges(wish: KeyringWish, rings: readonly Ring[], away: readonly string[]): KeyringChange[] {
  const { primary, isExclusive } = wish
  const changes: KeyringChange[] = []
  for (const key of keysOf(wish)) {
    if (rings.every((ring) => ring.Keys[key.reveal()] === ring.NumNodes)) continue
    const what = `gossip key ${fingerprint(key)}`
    changes.push({ kind: 'install', what, from: undefined, to: 'on all members', key })
  }
  if (primary && rings.some(({ PrimaryKeys, NumNodes }) => PrimaryKeys && PrimaryKeys[primary.reveal()] !== NumNodes)) {
    const from = primaryKeys(rings).map(fingerprint).join(', ')
    changes.push({ kind: 'use', what: 'primary gossip key', from, to: fingerprint(primary), key: primary })
  }
  for (const key of isExclusive ? unnamedKeys(wish, rings) : []) {
    changes.push({ kind: 'remove', what: `gossip key ${fingerprint(key)}`, from: 'there', to: undefined, key })
  }
  if (changes.length > 0) requireAll(wish, rings, away)
  return changes
}

/** Keys that some member has and nobody has named. */
export function unnamedKeys(wish: KeyringWish, rings: readonly Ring[]): Secret[] {
  const named = new Set(keysOf(wish).map((key) => key.reveal()))
  const there = new Set(rings.flatMap(({ Keys }) => Object.keys(Keys)))
  return [...there]
    .filter((key) => !named.has(key))
    .sort()
    .map((key) => new Secret(key))
}

/** Keys that some member seals with; none before Consul 1.8. */
export function primaryKeys(rings: readonly Ring[]): Secret[] {
  const keys = new Set(rings.flatMap(({ PrimaryKeys = {} }) => Object.keys(PrimaryKeys)))
  return [...keys].map((key) => new Secret(key))
}

/** Fails when a pool has more or fewer members than it must: one that is away while keys change cannot come back. */
function requireAll({ nodes, wanNodes }: KeyringWish, rings: readonly Ring[], away: readonly string[]): void {
  const pools = [
    { pool: 'gossip', argument: 'nodes', wanted: nodes, counts: countsOf(rings, false) },
    { pool: 'gossip between datacenters', argument: 'wan_nodes', wanted: wanNodes, counts: countsOf(rings, true) },
  ]
  for (const { pool, argument, wanted, counts } of pools) {
    const wrong = counts.length === 0 ? 0 : counts.find((count) => count !== wanted)
    if (wanted === undefined || wrong === undefined) continue
    throw new TaskFailure(
      `${wrong} members are in the ${pool}, not ${wanted}, so the keys are left alone${named(away)}`,
      `a member that is away while keys change cannot come back: bring all of them up first, or correct \`${argument}\``,
    )
  }
}

/** The end of a sentence: who is not alive; empty when nobody is said to be away. */
export function named(away: readonly string[]): string {
  const shown = away.slice(0, MOST_NAMES).join(', ')
  return away.length === 0 ? '' : `; not alive: ${shown}${away.length > MOST_NAMES ? ' and others' : ''}`
}

function countsOf(rings: readonly Ring[], isWan: boolean): number[] {
  return rings.filter(({ WAN }) => WAN === isWan).map(({ NumNodes }) => NumNodes)
}

function keysOf({ primary, others }: KeyringWish): Secret[] {
  return primary ? [primary, ...others] : [...others]
}

/** The rings as they answer afterwards. */
export function ringsAfter(wish: KeyringWish, rings: readonly Ring[]): Ring[] {
  const { primary, isExclusive } = wish
  return rings.map((ring) => {
    const keys = new Set([...keysOf(wish).map((key) => key.reveal()), ...(isExclusive ? [] : Object.keys(ring.Keys))])
    const has = (key: string) => (keysOf(wish).some((one) => one.reveal() === key) ? ring.NumNodes : ring.Keys[key])
    return {
      ...ring,
      Keys: Object.fromEntries([...keys].sort().map((key) => [key, has(key) ?? 0])),
      ...(ring.PrimaryKeys && primary ? { PrimaryKeys: { [primary.reveal()]: ring.NumNodes } } : {}),
    }
  })
}

/** By which a person tells keys apart: the first eight digits of the SHA-256 of the key as it is written. */
export function fingerprint(key: Secret): string {
  return createHash('sha256').update(key.reveal()).digest('hex').slice(0, 8)
}

const MOST_NAMES = 5
