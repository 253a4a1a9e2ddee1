import { CA_FAULTS } from './ca-faults.ts'
import type { Fault } from './fault.ts'
import { GOSSIP_FAULTS } from './gossip-faults.ts'
import { LEAF_FAULTS } from './leaf-faults.ts'
import { anotherCa, gossip, leaf, type Rollout } from './rollouts.ts'

/** By rollout, since each gets a cluster of its own. */
export const FAULTS: readonly { rollout: Rollout; faults: readonly Fault[] }[] = [
  { rollout: gossip, faults: GOSSIP_FAULTS },
  { rollout: leaf, faults: LEAF_FAULTS },
  { rollout: anotherCa, faults: CA_FAULTS },
]
