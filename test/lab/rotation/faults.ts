import { CA_FAULTS } from './ca-faults.ts'
import type { Fault } from './fault.ts'
import { KEY_FAULTS } from './key-faults.ts'
import { LEAVING_FAULTS } from './leaving-faults.ts'

/** What else may go wrong is a line in one of these. */
export const FAULTS: readonly Fault[] = [...KEY_FAULTS, ...CA_FAULTS, ...LEAVING_FAULTS]
