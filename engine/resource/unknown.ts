/** A value that only a run can know, such as the fingerprint of a key that does not exist yet. */
export class Unknown {
  /** Of what it depends, as in "the key pair /etc/x, which does not exist yet". */
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }

  toString(): string {
    return '‹known after apply›'
  }

  toJSON(): string {
    return this.toString()
  }
}
