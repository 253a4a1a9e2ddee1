/** The variables that hold at a place of the playbook: those of the play, the role, the blocks and the task around it. */
export interface Lexical {
  readonly parent: Lexical | undefined
}
