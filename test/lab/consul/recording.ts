/** What was seen of a cluster while something was done to it. All times are milliseconds since 1970. */
export interface Recording {
  members: Member[]
  writers: Writer[]
  writes: Write[]
  turns: Turn[]
  /** In the order of their times; in the first one every member answers. */
  samples: Sample[]
  /** What is there at the end, read consistently: values by key. */
  kept: Record<string, string>
  /** The counter that the contenders raised, at the end. */
  counter: number
}

export interface Member {
  name: string
  address: string
  role: 'server' | 'client'
}

export interface Writer {
  name: string
  /** Addresses in turn. */
  through: string[]
  /** For how long it tries again, each time with a new connection to the next address; 0 for one try. */
  budgetMs: number
}

export interface Write {
  writer: string
  key: string
  value: string
  at: number
  endedAt: number
  tries: number
  /** The address of the last try. */
  through: string
  isAcknowledged: boolean
  /** What went wrong at the last try. */
  why?: string
}

/** One try of a contender to raise the counter from the index that it has read (check and set). */
export interface Turn {
  contender: string
  index: number
  at: number
  /** Unknown: the answer never came, so it may have been done. */
  outcome: 'won' | 'lost' | 'unknown'
}

export interface Sample {
  at: number
  members: Record<string, Seen>
  /** Whether the service is in the catalog and its check passes; nothing when no server could tell. */
  isPassing?: boolean
  /** What a server said of the health of all; nothing when none could tell. */
  autopilot?: { isHealthy: boolean; tolerance: number }
}

/** What a member said of itself, and what its host says of its process. */
export interface Seen {
  /** Start of its process; nothing when it has none. */
  startedAt?: number
  /** Address and port of the leader that it knows, empty when it knows none; nothing when it did not answer. */
  leader?: string
  /** Servers only: its own part, as in Leader or Follower, and its place in the log. */
  state?: string
  lastLogIndex?: number
  commitIndex?: number
  term?: number
  /** Servers only: how many are in the configuration of Raft, and how many of them vote. */
  peers?: number
  voters?: number
}

/** A time in which something was going on; both ends belong to it. */
export interface Span {
  from: number
  to: number
}

/** Whether a member answered when it was asked. */
export function isAnswering(seen: Seen | undefined): boolean {
  return seen?.leader !== undefined
}

export function serversOf({ members }: Recording): Member[] {
  return members.filter(({ role }) => role === 'server')
}
