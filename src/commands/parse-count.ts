import { InvalidArgumentError } from 'commander';

/**
 * Reads a count of rows from the command line.
 * @throws {InvalidArgumentError} when it is no whole number from 1.
 */
export function parseCount(value: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(value)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(value);
}
