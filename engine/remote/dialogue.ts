import { randomBytes } from 'node:crypto'
import type { Become } from './address.ts'
import { type Failure, type Failures, failuresOf } from './failures.ts'
import { type Frame, FramePair, type StreamName } from './frame-pair.ts'
import { HandOver } from './hand-over.ts'
import { type Channel, type Ending, sendWhole } from './link.ts'
import { openWithin } from './open-within.ts'
import { openingOf } from './opening.ts'
import { RemoteProblem, wordsOf } from './remote-problem.ts'
import { limitOf, ROUND_LIMIT, Round } from './round.ts'
import type { ShellContext, Step, StepResult } from './shell.ts'
import { BEGIN, HELLO, helloText, type Identity, parseHello } from './wire.ts'

/** What may come of banners and of the login's own files, and then of the shell's first words about itself. */
const OPENING_LIMITS = [1024 * 1024, 64 * 1024]

/** Time for a shell to see the end of its input. */
const END_PATIENCE_MS = 5000

/** The framed dialogue with one shell on a host, from its start to its first failure. */
export class Dialogue {
  /** Process group of the shell and its steps, once the shell has said so. */
  group: number | undefined
  /** Whose shell it is, once it has said so. */
  identity: Identity | undefined
  /** It has failed, and something of it may still run on the host. */
  runsOn = false
  readonly #context: ShellContext
  readonly #become: Become | undefined
  readonly #openTimeoutMs: number
  readonly #channel: Channel
  readonly #failures: Failures
  readonly #frames: FramePair
  /** Hello and first round, held back until the shell itself reads. */
  #held: string
  #handOver: HandOver | undefined
  #due: 'begin' | 'hello' | 'steps' = 'begin'
  #nextStep = 0
  #round: Round | undefined
  #timer: NodeJS.Timeout | undefined
  #failed = false
  /** Called when it has failed. */
  #endFeeding: () => void = () => {}
  readonly #over = new Promise<void>((resolve) => {
    this.#endFeeding = resolve
  })

  private constructor(context: ShellContext, become: Become | undefined, timeoutMs: number, channel: Channel) {
    const nonce = randomBytes(16).toString('hex')
    this.#context = context
    this.#become = become
    this.#openTimeoutMs = timeoutMs
    this.#channel = channel
    this.#failures = failuresOf(context.host, become)
    this.#frames = new FramePair(nonce)
    for (const limit of OPENING_LIMITS) this.#frames.expect(limit)
    this.#held = helloText(nonce)
    channel.stdout.on('data', (chunk: Buffer) => this.#receive('stdout', chunk))
    channel.stderr.on('data', (chunk: Buffer) => this.#receive('stderr', chunk))
    void channel.ended.then((ending) => this.#fail(this.#explain(ending)))
  }

  /** Starts a shell. Whether it came up shows in its first round, so that opening costs no round of its own. */
  static async open(context: ShellContext, become: Become | undefined, timeoutMs: number): Promise<Dialogue> {
    const opening = openingOf(become, randomBytes(16).toString('hex'))
    const channel = await openWithin(context.link, opening.command, timeoutMs)
    if (channel === undefined) {
      const failure = failuresOf(context.host, become).silent(`no new shell within ${timeoutMs / 1000} s`)
      throw new RemoteProblem({ ...failure, host: context.host })
    }
    const dialogue = new Dialogue(context, become, timeoutMs, channel)
    if (opening.ready !== undefined) dialogue.#handOver = new HandOver(opening)
    return dialogue
  }

  /** Whether it can take another round. */
  get alive(): boolean {
    return !this.#failed
  }

  /** One write of all steps and the wait for all their results; rejects with the first failure and is dead then. */
  async run(steps: readonly Step[], signal?: AbortSignal): Promise<StepResult[]> {
    const interrupt = () => this.#fail(this.#failures.interrupted(), true)
    signal?.addEventListener('abort', interrupt)
    try {
      return await new Promise<StepResult[]>((resolve, reject) => {
        this.#round = new Round(steps, this.#nextStep, resolve, reject)
        this.#nextStep += steps.length
        for (const step of steps) this.#frames.expect(limitOf(step), step.listen)
        this.#held += this.#round.text()
        if (this.#handOver === undefined) this.#sendHeld()
        this.#startTimer()
      })
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  /** Ends the shell by the end of its input, and waits until it has left the host. */
  async end(): Promise<void> {
    this.#failed = true
    clearTimeout(this.#timer)
    this.#channel.stdin.end()
    const timer = setTimeout(() => this.#channel.kill(), END_PATIENCE_MS)
    await this.#channel.ended
    clearTimeout(timer)
  }

  /** Lets go of the shell. */
  close(): void {
    this.#failed = true
    clearTimeout(this.#timer)
    this.#channel.kill()
  }

  #sendHeld(): void {
    this.#send(this.#held)
    this.#held = ''
  }

  #send(text: string): void {
    this.#context.traffic.bytesSent += Buffer.byteLength(text)
    this.#channel.stdin.write(text)
  }

  #receive(stream: StreamName, chunk: Buffer): void {
    this.#context.traffic.bytesReceived += chunk.length
    if (this.#failed) return
    if (this.#handOver !== undefined) this.#openUp(this.#handOver, stream, chunk)
    if (this.#round !== undefined && stream === 'stdout') this.#round.received += chunk.length
    const { frames, fault } = this.#frames.push(stream, chunk)
    for (const frame of frames) this.#take(frame)
    if (fault === 'broken') this.#fail(this.#failures.broken('its answers do not follow the protocol'), true)
    if (fault === 'overflow') this.#fail(this.#overflow(), true)
    if ((this.#round?.received ?? 0) > ROUND_LIMIT) this.#fail(this.#failures.tooLong(ROUND_LIMIT), true)
  }

  #openUp(handOver: HandOver, stream: StreamName, chunk: Buffer): void {
    const due = handOver.see(stream, chunk)
    if (due === 'again') this.#fail(this.#failures.noShell('the password was not accepted'))
    if (due === 'ask') this.#givePassword()
    if (due !== 'ready') return
    this.#handOver = undefined
    this.#sendHeld()
  }

  #givePassword(): void {
    // A person may take as long as it takes.
    clearTimeout(this.#timer)
    const password =
      this.#become?.password ?? (() => Promise.reject(this.#problem(this.#failures.noShell('a password is wanted'))))
    password().then(
      (secret) => {
        if (this.#failed) return
        this.#startTimer()
        this.#send(`${secret.reveal()}\n`)
      },
      (reason: unknown) => this.#end(reason),
    )
  }

  #take(frame: Frame): void {
    if (this.#failed) return
    if (this.#due === 'steps') this.#takeStep(frame)
    else if (frame.words !== (this.#due === 'begin' ? BEGIN : HELLO))
      this.#fail(this.#failures.broken('its shell begins with a wrong word'))
    else if (this.#due === 'hello') this.#greet(frame.stdout)
    else this.#due = 'hello'
  }

  #greet(output: Buffer): void {
    const hello = parseHello(output)
    this.#due = 'steps'
    this.group = hello.group
    this.identity = hello.identity
    this.#context.onHello(hello)
    if (hello.missingTools.length > 0) this.#fail(this.#failures.toolsMissing(hello.missingTools))
    this.#startTimer()
  }

  #takeStep(frame: Frame): void {
    const round = this.#round
    if (round?.isReady(frame)) void this.#feed(round)
    else if (round?.take(frame) !== true) {
      this.#fail(this.#failures.broken('its answers come out of order'), true)
    } else if (round.current() === undefined) {
      clearTimeout(this.#timer)
      this.#round = undefined
      round.resolve(round.results)
    } else {
      this.#startTimer()
    }
  }

  /** Sends the bytes that the step waits for. As long as they go out it has its time anew. */
  async #feed(round: Round): Promise<void> {
    const step = round.current()
    if (!step?.input) return
    const { size, read, onSent } = step.input
    this.#frames.expect(limitOf(step))
    let sent = 0
    try {
      for await (const bytes of read()) {
        await Promise.race([sendWhole(this.#channel, bytes), this.#over])
        if (this.#failed) return
        sent += bytes.length
        this.#context.traffic.bytesSent += bytes.length
        this.#startTimer()
        onSent?.(sent)
      }
      if (sent !== size) throw new Error(`it has changed meanwhile`)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#fail(this.#failures.unreadable(error.message), true)
    }
  }

  /** Gives the frame that is due its time. */
  #startTimer(): void {
    clearTimeout(this.#timer)
    const step = this.#round?.current()
    if (this.#failed || step === undefined) return
    const late = () => this.#fail(this.#failures.tooLate(step.timeoutMs), true)
    const silent = () => this.#fail(this.#failures.noShell(`no answer within ${this.#openTimeoutMs / 1000} s`))
    this.#timer = this.#due === 'steps' ? setTimeout(late, step.timeoutMs) : setTimeout(silent, this.#openTimeoutMs)
  }

  #fail(failure: Failure, runsOn = false): void {
    if (this.#failed) return
    this.runsOn = runsOn && this.#due === 'steps'
    this.#end(this.#problem(failure))
  }

  #problem(failure: Failure): RemoteProblem {
    const problem = new RemoteProblem({ ...failure, host: this.#context.host })
    problem.completed = this.#round?.results ?? []
    return problem
  }

  #end(reason: unknown): void {
    this.#failed = true
    this.#endFeeding()
    clearTimeout(this.#timer)
    // A flood must not keep the link from carrying the kill; unread, it stops at the window's size.
    if (this.runsOn) this.#channel.stdout.pause()
    else this.#channel.kill()
    this.#round?.reject(reason)
    this.#round = undefined
  }

  #explain(ending: Ending): Failure {
    const { stdout, stderr } = this.#frames.unfinished()
    const { link } = this.#context
    const known = link.broken ?? link.explain(ending, stderr.toString(), this.#due !== 'begin')
    if (known !== undefined) return known
    const how = ending.signal === undefined ? `with code ${ending.code ?? 'unknown'}` : `by signal ${ending.signal}`
    if (this.#due !== 'begin') return this.#failures.broken(`its shell ended ${how} in the middle of a round`)
    return this.#failures.noShell(wordsOf(stderr) || wordsOf(stdout) || `it ended ${how}`)
  }

  #overflow(): Failure {
    // One stream may be ahead of the other: what overflows can be a later frame than the one that is due.
    const greeting = { begin: 2, hello: 1, steps: 0 }[this.#due]
    const step = this.#frames.ahead < greeting ? undefined : this.#round?.after(this.#frames.ahead - greeting)
    return step === undefined ? this.#failures.broken('it prints without end') : this.#failures.tooLong(limitOf(step))
  }
}
