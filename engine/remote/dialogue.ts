import { randomBytes } from 'node:crypto'
import type { Become } from './address.ts'
import { broken, type Failure, interrupted, noShell, outputTooLong, stepTooLate, toolsMissing } from './failures.ts'
import { type Frame, FramePair, type StreamName } from './frame-pair.ts'
import type { Channel, Ending } from './link.ts'
import { type Opening, openingOf } from './opening.ts'
import { RemoteProblem, wordsOf } from './remote-problem.ts'
import type { ShellContext, Step, StepResult } from './shell.ts'
import { BEGIN, HELLO, helloText, parseHello, ROUND_START, stepText } from './wire.ts'

const OUTPUT_LIMIT = 16 * 1024 * 1024
const HELLO_LIMIT = 64 * 1024
/** Banners, and what the login's own files print. */
const NOISE_LIMIT = 1024 * 1024

interface Round {
  steps: readonly Step[]
  results: StepResult[]
  /** The number on the wire of its first step. */
  first: number
  resolve(results: StepResult[]): void
  reject(reason: unknown): void
}

/** The framed dialogue with one shell on a host, from its start to its first failure. */
export class Dialogue {
  /** Process group of the shell and its steps, once the shell has said so. */
  group: number | undefined
  /** It has failed, and something of it may still run on the host. */
  runsOn = false
  readonly #context: ShellContext
  readonly #become: Become | undefined
  readonly #opening: Opening
  readonly #openTimeoutMs: number
  readonly #channel: Channel
  readonly #frames: FramePair
  /** Hello and first round, held back until the shell itself reads. */
  #held: string | undefined
  #said: Record<StreamName, string> = { stdout: '', stderr: '' }
  #passwordGiven = false
  #due: 'begin' | 'hello' | 'steps' = 'begin'
  #nextStep = 0
  #round: Round | undefined
  #timer: NodeJS.Timeout | undefined
  #failed = false

  private constructor(
    context: ShellContext,
    become: Become | undefined,
    opening: Opening,
    openTimeoutMs: number,
    channel: Channel,
  ) {
    const nonce = randomBytes(16).toString('hex')
    this.#context = context
    this.#become = become
    this.#opening = opening
    this.#openTimeoutMs = openTimeoutMs
    this.#channel = channel
    this.#frames = new FramePair(nonce)
    this.#frames.expect([NOISE_LIMIT, HELLO_LIMIT])
    this.#held = helloText(nonce)
    channel.stdout.on('data', (chunk: Buffer) => this.#receive('stdout', chunk))
    channel.stderr.on('data', (chunk: Buffer) => this.#receive('stderr', chunk))
    void channel.ended.then((ending) => this.#fail(this.#explain(ending)))
  }

  /** Starts a shell. Whether it came up shows in its first round, so that opening costs no round of its own. */
  static async open(context: ShellContext, become: Become | undefined, timeoutMs: number): Promise<Dialogue> {
    const opening = openingOf(become, randomBytes(16).toString('hex'))
    return new Dialogue(context, become, opening, timeoutMs, await context.link.open(opening.command))
  }

  /** Whether it can take another round. */
  get alive(): boolean {
    return !this.#failed
  }

  /** One write of all steps and the wait for all their results; rejects with the first failure and is dead then. */
  async run(steps: readonly Step[], signal?: AbortSignal): Promise<StepResult[]> {
    const interrupt = () => this.#fail(interrupted(this.#context.host), true)
    signal?.addEventListener('abort', interrupt)
    try {
      return await new Promise<StepResult[]>((resolve, reject) => {
        const first = this.#nextStep
        this.#nextStep += steps.length
        this.#round = { steps, first, results: [], resolve, reject }
        this.#frames.expect(steps.map(({ outputLimit }) => outputLimit ?? OUTPUT_LIMIT))
        this.#write(ROUND_START + steps.map(({ script, group }, at) => stepText(first + at, script, group)).join(''))
        this.#startTimer()
      })
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  /** Lets go of the shell. */
  close(): void {
    this.#failed = true
    clearTimeout(this.#timer)
    this.#channel.kill()
  }

  #write(text: string): void {
    if (this.#held !== undefined) {
      this.#held += text
      if (this.#opening.ready !== undefined) return
      text = this.#held
      this.#held = undefined
    }
    this.#send(text)
  }

  #send(text: string): void {
    this.#context.traffic.bytesSent += Buffer.byteLength(text)
    this.#channel.stdin.write(text)
  }

  #receive(stream: StreamName, chunk: Buffer): void {
    this.#context.traffic.bytesReceived += chunk.length
    if (this.#failed) return
    if (this.#held !== undefined && this.#opening.ready !== undefined) this.#handOver(stream, chunk)
    const { frames, fault } = this.#frames.push(stream, chunk)
    for (const frame of frames) this.#take(frame)
    if (fault === 'overflow') this.#fail(this.#overflow(), this.#due === 'steps')
    if (fault === 'broken') this.#fail(broken(this.#context.host, 'its answers do not follow the protocol'), true)
  }

  /** Waits for the shell to speak, and gives the password when it is asked for and only then. */
  #handOver(stream: StreamName, chunk: Buffer): void {
    const { ready, asks } = this.#opening
    this.#said[stream] = (this.#said[stream] + chunk.toString('latin1')).slice(-8192)
    const { stdout, stderr } = this.#said
    if (ready !== undefined && stdout.includes(ready)) {
      this.#send(this.#held ?? '')
      this.#held = undefined
      return
    }
    if (asks?.(stdout, stderr) !== true) return
    const password = this.#become?.password
    if (this.#passwordGiven || password === undefined) {
      this.#fail(
        noShell(
          this.#context.host,
          this.#become,
          this.#passwordGiven ? 'the password was not accepted' : 'a password is wanted',
        ),
      )
      return
    }
    this.#passwordGiven = true
    this.#said = { stdout: '', stderr: '' }
    clearTimeout(this.#timer)
    password().then(
      (secret) => {
        this.#startTimer()
        this.#send(`${secret.reveal()}\n`)
      },
      (reason) => this.#end(reason),
    )
  }

  #take(frame: Frame): void {
    if (this.#failed) return
    if (this.#due === 'begin') {
      if (frame.words !== BEGIN) this.#fail(broken(this.#context.host, 'its shell begins with a wrong word'))
      this.#due = 'hello'
    } else if (this.#due === 'hello') {
      if (frame.words !== HELLO) this.#fail(broken(this.#context.host, 'its shell says no hello'))
      this.#due = 'steps'
      this.#greet(frame.stdout)
    } else {
      this.#takeStep(frame)
    }
  }

  #greet(output: Buffer): void {
    const hello = parseHello(output)
    this.group = hello.group
    this.#context.onHello(hello)
    if (hello.missingTools.length > 0) this.#fail(toolsMissing(this.#context.host, hello.missingTools))
    this.#startTimer()
  }

  #takeStep({ words, stdout, stderr }: Frame): void {
    const round = this.#round
    const [, index, code] = /^(\d+) (\d+|skip)$/.exec(words) ?? []
    if (round === undefined || Number(index) !== round.first + round.results.length) {
      this.#fail(broken(this.#context.host, 'its answers come out of order'), true)
      return
    }
    const skipped = code === 'skip'
    round.results.push({ code: skipped ? 0 : Number(code), stdout, stderr, skipped })
    if (round.results.length < round.steps.length) {
      this.#startTimer()
      return
    }
    clearTimeout(this.#timer)
    this.#round = undefined
    round.resolve(round.results)
  }

  /** Gives the frame that is due its time. */
  #startTimer(): void {
    clearTimeout(this.#timer)
    const step = this.#round?.steps[this.#round.results.length]
    if (this.#failed || step === undefined) return
    if (this.#due === 'steps')
      this.#timer = setTimeout(() => this.#fail(stepTooLate(this.#context.host, step.timeoutMs), true), step.timeoutMs)
    else
      this.#timer = setTimeout(
        () => this.#fail(noShell(this.#context.host, this.#become, `no answer within ${this.#openTimeoutMs / 1000} s`)),
        this.#openTimeoutMs,
      )
  }

  #fail(parts: Failure, runsOn = false): void {
    if (this.#failed) return
    this.runsOn = runsOn
    const problem = new RemoteProblem({ ...parts, host: this.#context.host })
    problem.completed = this.#round?.results ?? []
    this.#end(problem)
  }

  #end(reason: unknown): void {
    this.#failed = true
    clearTimeout(this.#timer)
    // A flood must not keep the link from carrying the kill; unread, it stops at the window's size.
    if (this.runsOn) this.#channel.stdout.pause()
    else this.#channel.kill()
    this.#round?.reject(reason)
    this.#round = undefined
  }

  #explain(ending: Ending): Failure {
    const { link, host } = this.#context
    const { stdout, stderr } = this.#frames.unfinished()
    const known = link.broken ?? link.explain(ending, stderr.toString(), this.#due !== 'begin')
    if (known !== undefined) return known
    const how = ending.signal === undefined ? `with code ${ending.code ?? 'unknown'}` : `by signal ${ending.signal}`
    if (this.#due !== 'begin') return broken(host, `its shell ended ${how} in the middle of a round`)
    return noShell(host, this.#become, wordsOf(stderr) || wordsOf(stdout) || `it ended ${how}`)
  }

  #overflow(): Failure {
    const step = this.#round?.steps[this.#round.results.length]
    if (this.#due !== 'steps' || step === undefined) return broken(this.#context.host, 'it prints without end')
    return outputTooLong(this.#context.host, step.outputLimit ?? OUTPUT_LIMIT)
  }
}
