import { z } from 'zod';

/** A number of bytes, at least one. */
export const bytes = z.int().min(1);
/** A number of days, at most a century. */
export const days = z.int().min(1).max(36_500);
/** A number of milliseconds that a timer can wait. */
export const milliseconds = z.int().min(0).max(2_147_483_647);
/** The name of an environment variable. */
export const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');
