import { describe, expect, test } from 'vitest'
import { addressNumber, freeAddress } from '../../lab/network.ts'

describe('an address as a number', () => {
  test.each([
    { address: '0.0.0.0', number: 0 },
    { address: '0.0.1.0', number: 256 },
    { address: '255.255.255.255', number: 2 ** 32 - 1 },
    { address: '', number: undefined },
    { address: '10.0.0', number: undefined },
    { address: '10.0.0.256', number: undefined },
    { address: '10.0.0.01', number: undefined },
    { address: 'fd00::1', number: undefined },
    { address: 'mm1.example', number: undefined },
  ])('of $address is $number', ({ address, number }) => {
    expect(addressNumber(address)).toBe(number)
  })
})

describe("the controller's address", () => {
  test.each([
    { title: 'is the highest of the subnet', host: '10.0.0.1/24', taken: [], free: '10.0.0.254' },
    { title: 'is none that a host has', host: '10.0.0.1/24', taken: ['10.0.0.254', '10.0.0.253'], free: '10.0.0.252' },
    { title: 'is of the wider subnet', host: '10.1.2.3/16', taken: [], free: '10.1.255.254' },
    { title: 'is the only one left', host: '10.0.0.2/30', taken: ['10.0.0.2'], free: '10.0.0.1' },
    { title: 'is right above 128.0.0.0', host: '192.168.1.1/24', taken: [], free: '192.168.1.254' },
  ])('$title', ({ host, taken, free }) => {
    expect(
      freeAddress(
        subnet(host),
        taken.map((address) => ({ address })),
      ),
    ).toBe(free)
  })

  test('is a problem when the subnet is full', () => {
    const taken = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address }))
    expect(() => freeAddress(subnet('10.0.0.1/30'), taken)).toThrow('the subnet 10.0.0.0/30 has no address left')
  })
})

function subnet(text: string) {
  const [address = '', prefix] = text.split('/')
  return { address, prefix: Number(prefix) }
}
